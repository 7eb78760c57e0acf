import type { Command } from 'commander';
import { exitCodeOf } from './exit.js';
import { Output, type SharedOptions } from './output.js';

/** A command with the options that all have. */
export function addCommand(program: Command, usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option('--json', 'one JSON document on standard output, nothing else')
    .option('--quiet', 'no messages on standard error')
    .option('--no-color', 'no colours (also: NO_COLOR)');
}

/**
 * The action of a command: gets its output, options and arguments, gives its exit code.
 * What it throws is reported and becomes the exit code that belongs to it.
 */
export function act<Options extends SharedOptions, Args extends unknown[]>(
  body: (output: Output, options: Options, ...args: Args) => Promise<number>,
): (...all: [...Args, Options, Command]) => Promise<void> {
  return async (...all) => {
    // Commander passes the arguments, the options and the command.
    const options = all.at(-2) as Options;
    const output = new Output(options);
    try {
      process.exitCode = await body(output, options, ...(all.slice(0, -2) as Args));
    } catch (error) {
      const told = await explained(error);
      output.failed(told);
      process.exitCode = exitCodeOf(told);
    }
  };
}

/** What the file system refuses of the cache at any time is for the user to mend. */
async function explained(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const { orCacheUnusable } = await import('@deja/sandbox');
  return orCacheUnusable(error);
}
