import { Command, CommanderError } from 'commander';
import { doctor } from './commands/doctor.js';
import { event } from './commands/event.js';
import { events } from './commands/events.js';
import { fixtures } from './commands/fixtures.js';
import { image } from './commands/image.js';
import { ls } from './commands/ls.js';
import { plan } from './commands/plan.js';
import { reproduce } from './commands/reproduce.js';
import { run } from './commands/run.js';
import { setup } from './commands/setup.js';
import { show } from './commands/show.js';
import { stub } from './commands/stub.js';
import { EXIT } from './shared/exit.js';
import { Output } from './shared/output.js';

/** In the order of `deja --help`. Each adds its command; what a command needs is loaded when it runs. */
const COMMANDS: readonly ((program: Command) => void)[] = [run, ls, show, events, event, plan, fixtures, stub, reproduce, image, setup, doctor];

/** Runs the command line; sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `deja events x | head`: the reader has seen enough.
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  const program = new Command('deja')
    .description('Turns one failure of a running service into a confirmed, repeatable reproduction, from observed data alone.')
    .version('0.1.0', '-v, --version')
    .enablePositionalOptions()
    .showHelpAfterError('(deja COMMAND --help shows what it takes)')
    .exitOverride();
  for (const add of COMMANDS) add(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(--help shows what it takes)');
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for ends with 0, every misuse with 2.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error.exitCode !== 0 && wantsJson(argv)) new Output({ json: true, color: false }).document(misuse(error));
  }
}

/** The options were not understood, so they are looked for by hand: what comes behind `--` is another program's. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}

function misuse({ code, message }: CommanderError): unknown {
  const told = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '');
  return { error: { code: 'DEJA_USAGE', message: told, hint: 'deja COMMAND --help shows what it takes' } };
}
