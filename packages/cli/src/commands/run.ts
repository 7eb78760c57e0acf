import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { capturePreload } from '../shared/capture-preload.js';
import { act, addCommand } from '../shared/command.js';
import { usageError } from '../shared/exit.js';
import { packageFolder, shownPath } from '../shared/find-package.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';
import { oneLine } from '../render/text.js';
import { plural } from '../render/units.js';
import type { ChildEnd } from '../run/child.js';
import type { SeenPackage } from '../run/package-watch.js';

interface RunOptions extends SharedOptions {
  readonly out?: string;
  readonly service?: string;
}

/** As many lines as an on-call engineer reads; the others are in `deja ls`. */
const LISTED_AT_EXIT = 10;

export function run(program: Command): void {
  addCommand(program, 'run [COMMAND...]', 'start a service with capture on; packages land in --out')
    .usage('[options] -- COMMAND…')
    .option('--out <dir>', 'folder for packages (default: .deja)')
    .option('--service <name>', 'name of the service in its packages (default: from its package.json)')
    .passThroughOptions()
    .action(act(async (output, options: RunOptions, command: readonly string[]) => runService(output, options, command)));
}

async function runService(output: Output, options: RunOptions, [command, ...args]: readonly string[]): Promise<number> {
  if (command === undefined) throw usageError('there is no command to run', 'deja run -- npm start');
  const [{ captureEnvironment }, { PackageWatch }, { endLike, runChild }] = await Promise.all([import('../run/environment.js'), import('../run/package-watch.js'), import('../run/child.js')]);
  const out = options.out ?? packageFolder();
  const env = captureEnvironment(process.env, { out, preload: pathToFileURL(capturePreload()).href, ...(options.service === undefined ? {} : { service: options.service }) });
  const watch = new PackageWatch(
    out,
    (seen) => output.say(line(seen, output)),
    (message) => output.say(`${output.err.yellow('!')} ${message}`),
  );
  const end = await runChild(command, args, env, output.json ? 'stderr' : 'inherit').finally(() => watch.stop());
  const packages = await watch.packages();
  report(packages, out, output);
  if (packages.length === 0) reportUnseen(end, output);
  output.document({ exitCode: end.code, signal: end.signal, out, packages: packages.map(({ path, manifest }) => ({ id: manifest.id, path, time: manifest.time, summary: manifest.summary })) });
  return endLike(end);
}

const ASKED_TO_END: readonly (NodeJS.Signals | null)[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** An end that is no success, and of which nothing was captured, should not pass for a quiet day. */
function reportUnseen({ code, signal }: ChildEnd, output: Output): void {
  if (code === 0 || ASKED_TO_END.includes(signal) || (code !== null && code > 128)) return;
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  output.say(`${output.err.yellow('!')} the service ended ${how}, and no failure was captured: it ended itself (process.exit), or died where JavaScript cannot see it (out of memory)`);
}

function line({ path, manifest }: SeenPackage, { err }: Output): string {
  return `${err.red('✘')} ${err.bold(oneLine(manifest.summary ?? ''))} ${err.dim('→')} ${err.cyan(shownPath(path))}`;
}

function report(packages: readonly SeenPackage[], out: string, output: Output): void {
  const newest = packages.at(-1);
  if (!newest) return;
  output.say('');
  output.say(output.err.bold(`${plural(packages.length, 'failure')} captured`));
  for (const seen of packages.slice(-LISTED_AT_EXIT)) output.say(line(seen, output));
  if (packages.length > LISTED_AT_EXIT) output.say(output.err.dim(`… and ${packages.length - LISTED_AT_EXIT} before: deja ls ${shellWord(shownPath(out))}`));
  output.next(`reproduce ${shellWord(shownPath(newest.path))}`, 'make it happen again, here');
}
