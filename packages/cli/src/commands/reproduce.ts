import { once } from 'node:events';
import { Option, type Command } from 'commander';
import type { Progress, Reproduction, Verdict } from '@deja/reproduce';
import type { SandboxChoice } from '@deja/sandbox';
import { certificateSummary } from '../render/certificate.js';
import { conclusion, controlLine, editText, headline, runLine } from '../render/reproduction.js';
import { keptParts, waiting } from '../render/kept.js';
import { oneLine } from '../render/text.js';
import { plural } from '../render/units.js';
import { capturePreload } from '../shared/capture-preload.js';
import { act, addCommand } from '../shared/command.js';
import { EXIT, usageError, type ExitCode } from '../shared/exit.js';
import { interruption } from '../shared/interruption.js';
import { cacheFolder, loadPlan } from '../shared/load-plan.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';
import { wholeNumber } from '../shared/whole-number.js';

interface ReproduceOptions extends SharedOptions {
  readonly app?: string;
  readonly sandbox: SandboxChoice;
  readonly runs: number;
  readonly readyTimeout?: number;
  readonly fastForward?: boolean;
  readonly control: boolean;
  readonly inspect?: number | true;
  readonly keep?: boolean;
  readonly verbose?: boolean;
}

/** Where debuggers look for Node. */
const INSPECTOR = 9229;
const port = wholeNumber(1, 65_535, 'a port from 1 to 65535 is needed');

const count = wholeNumber(1, 10_000, 'a whole number from 1 to 10000 is needed');
const SANDBOXES: readonly SandboxChoice[] = ['auto', 'process', 'namespace', 'qemu', 'firecracker'];

export function reproduce(program: Command): void {
  addCommand(program, 'reproduce <PKG>', 'run the recorded failure again, with nothing real within reach')
    .option('--app <DIR|IMAGE>', "folder of the application's code, or its container image: an OCI layout or `docker save` archive, with #TAG where there are several (default: where it was recorded)")
    .addOption(new Option('--sandbox <KIND>', 'where to run it').choices(SANDBOXES).default('auto'))
    .option('--runs <N>', 'how many times', count, 1)
    .option('--ready-timeout <SECONDS>', 'how long the application may take to start', count)
    .option('--fast-forward', 'pass over waiting: a time-out takes milliseconds, and the application sees its clock go on as it did')
    .option('--no-control', 'no control run afterwards')
    .option('--inspect [PORT]', `the application waits for a debugger before its first line (default: 127.0.0.1:${INSPECTOR}); one run, no control run`, port)
    .option('--keep', 'the sandbox of the last run stays until Ctrl-C, its application and databases within reach; no control run')
    .option('--verbose', "show the application's output")
    .action(act<ReproduceOptions, [string]>(runPlan));
}

async function runPlan(output: Output, options: ReproduceOptions, named: string): Promise<ExitCode> {
  const { inspect, keep } = options;
  if (inspect !== undefined && options.fastForward) throw usageError('--inspect and --fast-forward exclude each other', 'Somebody at a debugger takes time that cannot be passed over.');
  if (inspect !== undefined && options.runs > 1) throw usageError('--inspect is for one run');
  using interrupted = interruption();
  let wasKept = false;
  const cache = await cacheFolder();
  tryOutSandbox(options.sandbox);
  const making = await loadPlan(named);
  const { reproduce: run } = await import('@deja/reproduce');
  output.say(headline(making.recording, output.err));
  const result = await run(making, {
    ...(options.app === undefined ? {} : { app: options.app }),
    sandbox: options.sandbox,
    runs: options.runs,
    ...(options.readyTimeout === undefined ? {} : { readyMs: options.readyTimeout * 1000 }),
    ...(options.fastForward ? { fastForward: true } : {}),
    ...(inspect !== undefined && { inspect: { port: inspect === true ? INSPECTOR : inspect, onWaiting: (at) => output.say(waiting(at, output.err)) } }),
    ...(keep && {
      keep: async (parts) => {
        wasKept = true;
        output.say(keptParts(parts, output.err));
        if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort');
      },
    }),
    control: options.control && !keep && inspect === undefined,
    preload: capturePreload(),
    cacheFolder: cache,
    searchPath: process.env['DEJA_USER_PATH'] ?? process.env['PATH'] ?? '',
    signal: interrupted.signal,
    onProgress: (progress) => report(progress, output),
    ...(options.verbose ? { onLog: (_, bytes) => void process.stderr.write(bytes) } : {}),
  });
  if (result.control) output.say(`  ${controlLine(result.control, output.err)}`);
  const aborted = interrupted.signal.aborted && !wasKept;
  output.document({ ...documentOf(making.recording.manifest.id, result), ...(aborted && { interrupted: true }) });
  if (!aborted) {
    output.print(conclusion(result, output.out));
    suggest(output, named, result);
    return exitCode(result.verdict);
  }
  // What so few runs, or none, would be called is no answer to what was asked.
  output.say(`${output.err.yellow('!')} interrupted after ${plural(result.runs.length, 'run')}; nothing is left behind`);
  return EXIT.interrupted;
}

/** While the package is read: what was tried out once is known to the whole process. What does not work is said when it is needed. */
function tryOutSandbox(choice: SandboxChoice): void {
  void import('@deja/sandbox').then(({ pickSandbox }) => pickSandbox(choice)).catch(() => undefined);
}

function report(progress: Progress, output: Output): void {
  switch (progress.step) {
    case 'unpack':
      output.say(output.err.dim(`unpacking ${progress.image}`));
      break;
    case 'sandbox':
      output.say(output.err.dim(`sandbox ${progress.sandbox.name}: ${progress.sandbox.description}`));
      break;
    case 'difference':
      output.say(`${output.err.yellow('!')} ${oneLine(progress.text)}`);
      break;
    case 'edit':
      output.say(`${output.err.yellow('!')} edited: ${editText(progress.edit)}`);
      break;
    case 'limit':
      output.say(`${output.err.yellow('!')} limit: ${oneLine(progress.text)}`);
      break;
    case 'run':
      output.say(`  ${runLine(progress.run, progress.number, progress.of, output.err)}`);
      break;
    case 'control':
      break;
  }
}

/** The contract of `reproduce --json`. */
function documentOf(id: string, { verdict, runs, control, certificate, sandbox, differences, edits, limits }: Reproduction): object {
  return { verdict, package: id, sandbox: sandbox.name, isolation: sandbox.isolation, runs, control, certificate: { databases: certificate.databases, ...certificateSummary(certificate) }, differences, edits, limits };
}

function suggest(output: Output, named: string, { verdict, runs }: Reproduction): void {
  const word = shellWord(named);
  if (verdict === 'reproduced') output.next(`plan ${word} --out plan`, 'see and edit what made it happen');
  else if (runs.some(({ divergence }) => divergence?.seq !== undefined)) output.next(`event ${word} ${runs.find(({ divergence }) => divergence?.seq !== undefined)?.divergence?.seq}`, 'the recorded event');
  else output.next(`reproduce ${word} --verbose`, "with the application's output");
}

function exitCode(verdict: Verdict): ExitCode {
  switch (verdict) {
    case 'reproduced':
      return EXIT.ok;
    case 'not-reproduced':
      return EXIT.opposite;
    case 'diverged':
      return EXIT.diverged;
    case 'flaky':
    case 'inconclusive':
      return EXIT.unsure;
  }
}
