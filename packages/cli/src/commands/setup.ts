import { InvalidArgumentError, type Command } from 'commander';
import type { Installed } from '@deja/sandbox';
import { table } from '../render/table.js';
import { size } from '../render/units.js';
import { act, addCommand } from '../shared/command.js';
import { EXIT, type ExitCode } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { interruption } from '../shared/interruption.js';
import type { Output, SharedOptions } from '../shared/output.js';

interface FirecrackerOptions extends SharedOptions {
  readonly from?: string;
  readonly sha256?: string;
  readonly force?: boolean;
}

export function setup(program: Command): void {
  const setups = program.command('setup').description('get what Deja does not bring along');
  addCommand(setups, 'firecracker', 'get the Firecracker that virtual machines are run with, checked, into the cache')
    .option('--from <URL|FILE>', "its archive, or a place that has it (default: the project's releases)")
    .option('--sha256 <HEX>', 'what the archive has to have as its SHA-256 (default: what is known of the release)', sha256)
    .option('--force', 'also when it is there already')
    .action(act<FirecrackerOptions, []>(firecracker));
}

async function firecracker(output: Output, { from, sha256: wanted, force }: FirecrackerOptions): Promise<ExitCode> {
  using interrupted = interruption();
  const { installFirecracker, usableCacheFolder } = await import('@deja/sandbox');
  usableCacheFolder();
  try {
    const done = await installFirecracker({
      from, sha256: wanted, force, signal: interrupted.signal,
      onSource: (source) => output.say(output.err.dim(`getting ${source}`)),
      onProgress: quarters(output),
    });
    tell(output, done);
    return EXIT.ok;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    output.say(`${output.err.yellow('!')} interrupted; nothing is left behind`);
    return EXIT.interrupted;
  }
}

function tell(output: Output, done: Installed): void {
  const { version, architecture, from, sha256: hash, firecracker: path, jailer, installed } = done;
  output.document({ version, architecture, firecracker: path, jailer, from, sha256: hash, installed });
  output.print(table([{ title: 'PROGRAM' }, { title: 'VERSION' }, { title: 'PATH' }], [['firecracker', version, shownPath(path)], ['jailer', version, shownPath(jailer)]], output.out.dim));
  output.say(installed ? `installed; the archive has SHA-256 ${hash}, as expected` : 'already installed and whole: nothing to do (--force gets it again)');
  if (process.env['DEJA_CACHE'] === undefined) output.say(output.err.dim('It is found from this folder. DEJA_CACHE=DIR names one place for all folders.'));
  if (process.env['FIRECRACKER_BIN']) output.say(`${output.err.yellow('!')} FIRECRACKER_BIN is set, and comes before it: ${process.env['FIRECRACKER_BIN']}`);
  output.next('doctor', 'find out what works on this machine');
}

/** Says how far it is, at each quarter; nothing where nobody says how much there is. */
function quarters(output: Output): (progress: { readonly received: number; readonly total: number | undefined }) => void {
  let said = 0;
  return ({ received, total }) => {
    if (total === undefined) return;
    const quarter = Math.floor((received / total) * 4);
    if (quarter <= said) return;
    said = quarter;
    output.say(output.err.dim(`${String(quarter * 25).padStart(3)} % of ${size(total)}`));
  };
}

function sha256(text: string): string {
  if (!/^[\da-f]{64}$/i.test(text)) throw new InvalidArgumentError('64 hexadecimal digits are needed');
  return text.toLowerCase();
}
