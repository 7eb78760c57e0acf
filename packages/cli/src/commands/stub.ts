import { rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describeOutcome, describeRequest, type StandIn, startStandIns, type StartedStandIns } from '@deja/reproduce';
import type { IoEvent } from '@deja/format';
import { table } from '../render/table.js';
import { oneLine } from '../render/text.js';
import { tryCommand } from '../render/try-stub.js';
import { plural } from '../render/units.js';
import { act, addCommand } from '../shared/command.js';
import { EXIT, usageError, type ExitCode } from '../shared/exit.js';
import { interruption } from '../shared/interruption.js';
import { cacheFolder, loadPlan } from '../shared/load-plan.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { wholeNumber } from '../shared/whole-number.js';

interface StubOptions extends SharedOptions {
  readonly only?: string;
  readonly port?: number;
  readonly once?: boolean;
  readonly delay: boolean;
}

const port = wholeNumber(1, 65_535, 'a port from 1 to 65535 is needed');

export function stub(program: Command): void {
  addCommand(program, 'stub <PKG|PLAN>', 'start the stubs alone, to be asked by hand (curl, redis-cli, psql …), until Ctrl-C')
    .option('--only <NAME>', 'one stub: its host or recorded name')
    .option('--port <N>', 'where that one listens (default: any free port)', port)
    .option('--once', 'every exchange as often as it was recorded, as in a reproduction (default: as often as it is asked for)')
    .option('--no-delay', 'answer at once instead of after the recorded time')
    .action(act<StubOptions, [string]>(serve));
}

async function serve(output: Output, { only, port: at, once: asRecorded = false, delay }: StubOptions, named: string): Promise<ExitCode> {
  if (at !== undefined && only === undefined) throw usageError('--port is for one stub', 'Name it: --only NAME');
  using interrupted = interruption();
  const cache = await cacheFolder();
  const plan = await (await loadPlan(named)).plan;
  const events = new Map(plan.recording.timeline.map((event) => [event.seq, event]));
  await using started = await startStandIns(plan, {
    ...(only !== undefined && { only }),
    ...(at !== undefined && { port: at }),
    once: asRecorded,
    delays: delay,
    cacheFolder: cache,
    onServed: ({ seq }) => output.say(`${output.err.green('✔')} ${servedLine(seq, events.get(seq))}`),
    onDivergence: ({ asked, nearest, reason }) => output.say(`${output.err.red('✘')} ${oneLine(`${asked}: ${reason ?? (nearest ? `not recorded; the nearest is event ${nearest.seq}, ${nearest.text}: ${nearest.difference}` : 'not recorded')}`)}`),
    onNote: (text) => output.say(`${output.err.yellow('!')} ${oneLine(text)}`),
  });
  const ca = writeAuthority(started);
  try {
    const tried = started.stubs.map((one) => ({ ...one, try: tryCommand(one, started.recordedOf(one), ca) }));
    output.document({ package: plan.recording.manifest.id, ca, stubs: tried });
    output.print(tableOf(tried, output));
    output.say(output.err.dim(`${plural(tried.length, 'stub')} · Ctrl-C ends ${tried.length === 1 ? 'it' : 'them'}`));
    if (!interrupted.signal.aborted) await once(interrupted.signal, 'abort');
  } finally {
    if (ca !== null) rmSync(ca, { force: true });
  }
  return EXIT.ok;
}

/** Programs take it as a file. */
function writeAuthority({ ca, stubs }: StartedStandIns): string | null {
  if (ca === null || !stubs.some(({ tls }) => tls)) return null;
  const file = join(tmpdir(), `deja-ca-${process.pid}.pem`);
  rmSync(file, { force: true });
  writeFileSync(file, ca, { mode: 0o644, flag: 'wx' });
  return file;
}

function tableOf(stubs: readonly (StandIn & { readonly try: string | null })[], output: Output): string {
  const rows = stubs.map(({ name, kind, tls, at, host, port: recorded, exchanges }) => [oneLine(name), tls ? `${kind}, TLS` : kind, `${at.address}:${at.port}`, `${oneLine(host)}:${recorded}`, String(exchanges)]);
  const columns = [{ title: 'STUB' }, { title: 'KIND' }, { title: 'LISTENS' }, { title: 'IN PLACE OF' }, { title: 'EXCHANGES', align: 'right' as const }];
  const commands = stubs.flatMap((one) => (one.try === null ? [] : [oneLine(one.try)]));
  return [table(columns, rows, (text) => output.out.dim(text)), ...(commands.length === 0 ? [] : ['', ...commands.map((command) => output.out.cyan(command))])].join('\n');
}

function servedLine(seq: number, event: IoEvent | undefined): string {
  return event === undefined ? `event ${seq}` : oneLine(`event ${seq}  ${describeRequest(event)}  →  ${describeOutcome(event)}`);
}
