import { join } from 'node:path';
import type { Command } from 'commander';
import { act, addCommand } from '../shared/command.js';
import { EXIT } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { makeOutFolder } from '../shared/out-folder.js';
import { cacheFolder, loadPlan } from '../shared/load-plan.js';
import type { SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';
import { plural } from '../render/units.js';

interface PlanOptions extends SharedOptions {
  readonly out: string;
  readonly force?: boolean;
}

export function plan(program: Command): void {
  addCommand(program, 'plan <PKG>', 'write the plan of a reproduction as a folder to read and edit')
    .requiredOption('--out <DIR>', 'an empty or new folder')
    .option('--force', 'replace a plan that is there, with all changes made to it')
    .action(
      act<PlanOptions, [string]>(async (output, { out, force = false }, named) => {
        await cacheFolder();
        makeOutFolder(out);
        const loaded = await (await loadPlan(named)).plan;
        const { writePlan } = await import('@deja/reproduce');
        const files = writePlan(loaded, out, force).map((name) => join(out, name));
        const { statements, rows } = loaded.certificate;
        const exact = statements.filter((statement) => statement.exact).length;
        output.document({ folder: out, files, statements: statements.length, exact, rows });
        output.print(files.map(shownPath).join('\n'));
        output.say(`${plural(rows, 'row')} ${rows === 1 ? 'satisfies' : 'satisfy'} ${exact} of ${plural(statements.length, 'statement')}${exact < statements.length ? '; the others are answered verbatim' : ''}`);
        output.next(`reproduce ${shellWord(out)}`, 'run it, as it is or edited');
        return EXIT.ok;
      }),
    );
}
