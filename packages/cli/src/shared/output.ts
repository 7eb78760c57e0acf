import { DejaError } from '@deja/format';
import { programName } from './program-name.js';
import { visible } from '../render/text.js';
import { paint, wantsColor, type Paint } from './paint.js';

/** The options that every command has. */
export interface SharedOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/** Data goes to standard output, messages to standard error; with `--json` one document is all the data there is. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Colours of standard output. */
  readonly out: Paint;
  /** Colours of standard error. */
  readonly err: Paint;
  /** Columns of standard output; without a terminal, wide enough that nothing is cut. */
  readonly width: number;

  constructor(options: SharedOptions) {
    this.json = options.json === true;
    this.quiet = options.quiet === true;
    this.out = paint(wantsColor(process.stdout, options.color, process.env));
    this.err = paint(wantsColor(process.stderr, options.color, process.env));
    this.width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  }

  /** A block of data; nothing with `--json`. */
  print(text: string): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** The document of `--json`; nothing without. */
  document(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A message; nothing with `--quiet`. */
  say(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`);
  }

  /** The command to type next, without the program's name: `reproduce .deja/x.deja`. */
  next(command: string, why: string): void {
    if (!this.json) this.say(`${this.err.dim('next:')} ${this.err.cyan(`${programName()} ${command}`)}  ${this.err.dim(why)}`);
  }

  /** Why the command ends without what was asked. Not silenced by `--quiet`: the exit code alone explains nothing. */
  failed(error: unknown): void {
    const known = error instanceof DejaError;
    const message = error instanceof Error ? error.message : String(error);
    // Messages quote what they are about, and that may come from a hostile package.
    process.stderr.write(`${this.err.red('✘')} ${visible(known ? message : `unexpected: ${error instanceof Error ? error.stack : message}`)}\n`);
    if (known && error.hint !== undefined) process.stderr.write(`  ${this.err.dim(visible(error.hint))}\n`);
    this.document({ error: { code: known ? error.code : 'DEJA_UNEXPECTED', message, ...(known && error.hint !== undefined ? { hint: error.hint } : {}) } });
  }
}
