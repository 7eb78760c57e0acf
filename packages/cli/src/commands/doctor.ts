import type { Command } from 'commander';
import { act, addCommand } from '../shared/command.js';
import { EXIT, type ExitCode } from '../shared/exit.js';
import type { Output } from '../shared/output.js';
import { oneLine } from '../render/text.js';
import { plural } from '../render/units.js';
import type { Finding } from '../doctor/check.js';

export function doctor(program: Command): void {
  addCommand(program, 'doctor', 'what Deja needs on this machine, and what is there').action(act(async (output) => examine(output)));
}

async function examine(output: Output): Promise<ExitCode> {
  const { checks } = await import('../doctor/checks.js');
  const found: { name: string; finding: Finding }[] = [];
  for (const check of checks(process.env)) {
    const finding = await check.run();
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

function line(name: string, finding: Finding, { out }: Output): string {
  const mark = { ok: out.green('✔'), limited: out.yellow('!'), missing: out.red('✘') }[finding.status];
  const text = `${mark} ${out.bold(name.padEnd(22))} ${oneLine(finding.detail)}`;
  return finding.status === 'ok' ? text : `${text}\n  ${' '.repeat(22)} ${out.cyan('→')} ${finding.fix}`;
}
