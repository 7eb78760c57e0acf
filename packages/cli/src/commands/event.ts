import type { Command } from 'commander';
import { act, addCommand } from '../shared/command.js';
import { EXIT, usageError, type ExitCode } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { loadPackage } from '../shared/load-package.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';

interface EventOptions extends SharedOptions {
  readonly full?: boolean;
}

export function event(program: Command): void {
  addCommand(program, 'event PKG N', 'all of one event: statement and rows, headers and bodies, the error')
    .option('--full', 'all rows and whole bodies')
    .action(act(async (output, options: EventOptions, named: string, number: string) => showEvent(output, options, named, number)));
}

async function showEvent(output: Output, { full = false }: EventOptions, named: string, number: string): Promise<ExitCode> {
  const { path, pkg } = await loadPackage(named);
  const found = pkg.timeline.find(({ seq }) => String(seq) === number);
  const first = pkg.timeline[0]?.seq;
  const last = pkg.timeline.at(-1)?.seq;
  if (!found) throw usageError(`${shownPath(path)} has no event ${number}`, last === undefined ? 'Nothing was observed.' : `It has events ${first} to ${last}: deja events ${shellWord(shownPath(path))}`);
  output.document({ package: pkg.manifest.id, path, event: found });
  const { eventDetail } = await import('../render/event-detail.js');
  output.print(eventDetail(found, pkg, { paint: output.out, full }));
  const following = pkg.timeline.find(({ seq }) => seq > found.seq);
  if (following) output.next(`event ${shellWord(shownPath(path))} ${following.seq}`, 'the one after it');
  return EXIT.ok;
}
