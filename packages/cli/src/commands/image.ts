import { Option, type Command } from 'commander';
import { table } from '../render/table.js';
import { ago, plural, size } from '../render/units.js';
import { capturePreload } from '../shared/capture-preload.js';
import { act, addCommand } from '../shared/command.js';
import { EXIT, type ExitCode } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { cacheFolder, loadPlan } from '../shared/load-plan.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';
import { wholeNumber } from '../shared/whole-number.js';

interface BuildOptions extends SharedOptions {
  readonly app?: string;
  readonly sandbox: 'qemu' | 'firecracker';
}

interface CollectOptions extends SharedOptions {
  readonly max: number;
}

const MIB = 1024 * 1024;
const DEFAULT_MAX = 4096;

export function image(program: Command): void {
  const images = program.command('image').description('what virtual machines are made of: kernel, images, templates');
  addCommand(images, 'build <PKG>', 'make the images for a package ahead of its first reproduction')
    .option('--app <DIR|IMAGE>', "folder of the application's code, or its container image: an OCI layout or `docker save` archive, with #TAG where there are several (default: where it was recorded)")
    .addOption(new Option('--sandbox <KIND>', 'who will run them').choices(['qemu', 'firecracker']).default('qemu'))
    .action(act<BuildOptions, [string]>(build));
  addCommand(images, 'ls', 'list what is kept, what was used last first').action(act(async (output: Output) => list(output)));
  addCommand(images, 'gc', 'throw away what was used longest ago')
    .option('--max <MIB>', 'how much may stay, in MiB', wholeNumber(0, Number.MAX_SAFE_INTEGER / MIB, 'a whole number of MiB is needed'), DEFAULT_MAX)
    .action(act<CollectOptions, []>(collect));
}

async function build(output: Output, { app, sandbox }: BuildOptions, named: string): Promise<ExitCode> {
  const making = await loadPlan(named);
  const { sandboxSpec } = await import('@deja/reproduce');
  const { buildImages } = await import('@deja/sandbox');
  const began = performance.now();
  const options = { preload: capturePreload(), cacheFolder: await cacheFolder(), searchPath: process.env['DEJA_USER_PATH'] ?? process.env['PATH'] ?? '', ...(app === undefined ? {} : { app }) };
  const images = await buildImages(await sandboxSpec(making, options), sandbox);
  const ms = performance.now() - began;
  output.document({ ...images, ms });
  output.print(Object.entries(images).map(([kind, { path, bytes }]) => `${kind.padEnd(6)}  ${size(bytes).padStart(10)}  ${shownPath(path)}`).join('\n'));
  output.next(`reproduce ${shellWord(named)} --sandbox ${sandbox}${app === undefined ? '' : ` --app ${shellWord(app)}`}`, 'run it in a virtual machine');
  return EXIT.ok;
}

async function list(output: Output): Promise<ExitCode> {
  const { stored, usableCacheFolder } = await import('@deja/sandbox');
  usableCacheFolder();
  const all = stored();
  output.document({ entries: all });
  if (all.length > 0) {
    const rows = all.map(({ kind, bytes, usedAt, path }) => [kind, size(bytes), ago(new Date(usedAt).toISOString(), Date.now()), shownPath(path)]);
    output.print(table([{ title: 'KIND' }, { title: 'SIZE', align: 'right' }, { title: 'USED' }, { title: 'PATH' }], rows, output.out.dim));
  }
  output.say(`${plural(all.length, 'entry').replace('entrys', 'entries')}, ${size(total(all))}`);
  return EXIT.ok;
}

async function collect(output: Output, { max }: CollectOptions): Promise<ExitCode> {
  const { collectGarbage, stored, usableCacheFolder } = await import('@deja/sandbox');
  usableCacheFolder();
  const gone = collectGarbage(max * MIB);
  output.document({ gone, left: stored() });
  for (const { path, bytes } of gone) output.print(`${size(bytes).padStart(10)}  ${shownPath(path)}`);
  output.say(`${size(total(gone))} freed, ${size(total(stored()))} left`);
  return EXIT.ok;
}

function total(entries: readonly { readonly bytes: number }[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
