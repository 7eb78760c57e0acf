import type { Command } from 'commander';
import { act, addCommand } from '../shared/command.js';
import { EXIT, type ExitCode } from '../shared/exit.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { oneLine } from '../render/text.js';
import { plural } from '../render/units.js';
import type { Check, Finding } from '../doctor/check.js';

const LONG_MS = 2000;

export function doctor(program: Command): void {
  addCommand(program, 'doctor', 'what Deja needs on this machine, and what is there')
    .option('--again', 'try virtual machines anew, whatever is remembered of them')
    .action(act<DoctorOptions, []>(examine));
}

interface DoctorOptions extends SharedOptions {
  readonly again?: boolean;
}

async function examine(output: Output, { again = false }: DoctorOptions): Promise<ExitCode> {
  const { checks } = await import('../doctor/checks.js');
  if (again) (await import('@deja/sandbox')).forgetTrials();
  const found: { name: string; finding: Finding }[] = [];
  for (const check of checks(process.env)) {
    const finding = await patiently(check, output);
    found.push({ name: check.name, finding });
    output.print(line(check.name, finding, output));
  }
  const missing = found.filter(({ finding }) => finding.status === 'missing').length;
  const limited = found.filter(({ finding }) => finding.status === 'limited').length;
  output.document({ ok: missing === 0, checks: found.map(({ name, finding }) => ({ name, ...finding })) });
  if (missing > 0) output.say(`\n${output.err.red(`${plural(missing, 'required part')} missing.`)}`);
  else output.say(`\n${limited === 0 ? 'Everything is there.' : `Deja works here; ${plural(limited, 'part')} would make it better.`}`);
  return missing > 0 ? EXIT.opposite : EXIT.ok;
}

/** Whoever waits is told for what. */
async function patiently(check: Check, output: Output): Promise<Finding> {
  const late = setTimeout(() => output.say(output.err.dim(`  ${check.name} is being tried out${check.takes === undefined ? '' : `: ${check.takes}`}`)), LONG_MS);
  try {
    return await check.run();
  } finally {
    clearTimeout(late);
  }
}

function line(name: string, finding: Finding, { out }: Output): string {
  const mark = { ok: out.green('✔'), limited: out.yellow('!'), missing: out.red('✘') }[finding.status];
  const text = `${mark} ${out.bold(name.padEnd(22))} ${oneLine(finding.detail)}`;
  return finding.status === 'ok' ? text : `${text}\n  ${' '.repeat(22)} ${out.cyan('→')} ${finding.fix}`;
}
