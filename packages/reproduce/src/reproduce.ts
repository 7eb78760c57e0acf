import type { Certificate } from '@deja/fixtures';
import { DejaError } from '@deja/format';
import type { GuestPlan } from '@deja/guest';
import { GuestError, pickSandbox, type Sandbox, type SandboxChoice, type SandboxSpec } from '@deja/sandbox';
import type { Divergence } from './compare/divergence.js';
import { summarise } from './compare/failure.js';
import { judge, type Judgement } from './compare/judge.js';
import { control, type ControlResult } from './control/control.js';
import { guestPlan, type GuestTools } from './plan/guest-plan.js';
import { type Engines, enginesFor, engineTools } from './run/engines.js';
import { locateRedisServer } from './run/redis-server.js';
import { freePort } from './run/door.js';
import { type KeptPart, openKept } from './run/kept.js';
import { locate, type Located } from './run/locate.js';
import type { PlanEdit } from './plan/edits.js';
import type { PlanInMaking, ReproductionPlan } from './plan/plan.js';
import { workFiles } from './plan/work-files.js';
import { runOnce, type CompletedRun, type Inspect, type LiveRun, type RunTimes } from './run/run-once.js';
import { SandboxSupply } from './run/sandbox-supply.js';
import { overallVerdict, type Verdict } from './verdict.js';

export interface ReproduceOptions {
  /** Folder of the application's code, or archive of its container image; default: where it was recorded. */
  readonly app?: string;
  readonly sandbox: SandboxChoice;
  readonly runs: number;
  /** How long the application may take to start; default: what the plan says. */
  readonly readyMs?: number;
  /** Waiting is passed over, where nothing is under way that takes real time. */
  readonly fastForward?: boolean;
  /** Whether a control run follows when the failure was reproduced. */
  readonly control: boolean;
  /** The sandbox of the last run stays until this resolves. Needs one with a network of its own. */
  readonly keep?: (parts: readonly KeptPart[]) => Promise<void>;
  /** The application waits for a debugger before its first line, and no deadline counts. */
  readonly inspect?: Inspect;
  /** Path of the module that is preloaded into the application. */
  readonly preload: string;
  readonly cacheFolder: string;
  readonly searchPath: string;
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: SandboxSpec['onLog'];
  readonly signal?: AbortSignal;
}

export type Progress =
  | { readonly step: 'unpack'; readonly image: string }
  | { readonly step: 'sandbox'; readonly sandbox: Sandbox }
  | { readonly step: 'difference'; readonly text: string }
  | { readonly step: 'edit'; readonly edit: PlanEdit }
  | { readonly step: 'limit'; readonly text: string }
  | { readonly step: 'run'; readonly number: number; readonly of: number; readonly run: RunResult }
  | { readonly step: 'control'; readonly removed: string };

export interface RunResult {
  readonly verdict: Exclude<Verdict, 'flaky'>;
  /** Null when the run could not be carried through. */
  readonly ms: RunTimes | null;
  /** With fast-forward: milliseconds of waiting that passed at once. */
  readonly skippedMs?: number;
  /** Bytes of the application's output that were not kept, for there were too many. */
  readonly cutOutput?: number;
  /** What failed in the replay, in one line. */
  readonly failure: string | null;
  readonly divergence: Divergence | null;
  /** Why the run could not be carried through, with the application's last lines. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string; readonly output: readonly string[] };
}

export interface Reproduction {
  readonly verdict: Verdict;
  readonly runs: readonly RunResult[];
  readonly control: ControlResult | null;
  readonly certificate: Certificate;
  readonly sandbox: Pick<Sandbox, 'name' | 'isolation' | 'reason'>;
  readonly differences: readonly string[];
  /** Where the plan departs from the recording: it was edited. */
  readonly edits: readonly PlanEdit[];
  /** What of the recording the stubs cannot repeat, or cannot compare. */
  readonly limits: readonly string[];
}

/**
 * Runs the plan in fresh sandboxes, one after the other, and compares each with the recording. The first starts while the plan is still being made.
 * Throws DejaError when a needed part is missing (application, Node, engine, sandbox); a run that breaks is `inconclusive`.
 */
export async function reproduce(making: PlanInMaking, options: ReproduceOptions): Promise<Reproduction> {
  const { recording } = making;
  const picking = pickSandbox(options.sandbox);
  picking.catch(() => undefined);
  const located = await locate(making, { ...options, onUnpack: (image) => options.onProgress?.({ step: 'unpack', image }) }, async () => (await picking).isolation);
  const { app, node } = located;
  const differences = [...app.differences, ...(node.difference === undefined ? [] : [node.difference])];
  for (const text of differences) options.onProgress?.({ step: 'difference', text });
  const preparing = enginesFor(recording, options.cacheFolder);
  preparing.catch(() => undefined);
  // What the sandbox itself lacks is said before what an engine in it does.
  const sandbox = await picking;
  if (options.keep && sandbox.isolation === 'none') throw unkeepable(sandbox);
  const engines = await preparing;
  options.onProgress?.({ step: 'sandbox', sandbox });

  await using sandboxes = new SandboxSupply(sandbox, { ...specOf(making, located, options.preload, engines), ...(options.onLog ? { onLog: options.onLog } : {}) });
  const plan = withReadyTime(await making.plan, options.readyMs, sandbox);
  for (const edit of plan.edits) options.onProgress?.({ step: 'edit', edit });
  for (const text of plan.stubs.limits) options.onProgress?.({ step: 'limit', text });
  const otherCode = options.app !== undefined && app.differences.length > 0;
  const tools: GuestTools = { preload: options.preload, engines, otherCode, redisServer: locateRedisServer(options.searchPath), fastForward: options.fastForward === true, ...(options.inspect && { inspectPort: await freePort() }) };
  const attempt = (changed: ReproductionPlan): Promise<LiveRun> => runOnce(sandboxes.next(), guestPlan(changed, tools), options);

  const runs: RunResult[] = [];
  for (let number = 1; number <= options.runs && !options.signal?.aborted; number++) {
    await using ended = await judged(() => attempt(plan), (completed) => judge(recording, completed.replay, app.changedCode), options.signal);
    if (ended === null) break;
    const { run, live } = ended;
    runs.push(run);
    options.onProgress?.({ step: 'run', number, of: options.runs, run });
    if (options.keep && live && number === options.runs) await kept(live, guestPlan(plan, tools), options.keep);
    if (run.error !== undefined && LASTING.has(run.error.code)) break;
  }
  const verdict = overallVerdict(runs.map((run) => run.verdict));
  const wantsControl = options.control && verdict === 'reproduced' && !options.signal?.aborted;
  return {
    verdict,
    runs,
    control: wantsControl ? await controlled(plan, toItsEnd(attempt), app.changedCode, options) : null,
    certificate: plan.certificate,
    sandbox: { name: sandbox.name, isolation: sandbox.isolation, reason: sandbox.reason },
    differences,
    edits: plan.edits,
    limits: plan.stubs.limits,
  };
}

/**
 * What a virtual machine for this plan is made of.
 * Throws DejaError when the application, its Node or an engine is missing.
 */
export async function sandboxSpec(making: PlanInMaking, options: Pick<ReproduceOptions, 'app' | 'preload' | 'cacheFolder' | 'searchPath'>): Promise<SandboxSpec> {
  const located = await locate(making, options, async () => 'virtual machine');
  return specOf(making, located, options.preload, await enginesFor(making.recording, options.cacheFolder));
}

function specOf({ app }: PlanInMaking, located: Located, preload: string, engines: Engines): SandboxSpec {
  const tools = engineTools(engines);
  return {
    app: { from: located.app.folder, at: app.folder },
    command: { words: [...app.arguments, ...(app.env['NODE_OPTIONS'] ?? '').split(' ')], cwd: app.cwd },
    node: { from: located.node.node, at: app.node.path },
    modules: [preload],
    ...(tools.length > 0 && { tools }),
    ...(engines.postgres && { postgres: engines.postgres }),
    ...(engines.mysql && { mysql: engines.mysql }),
    // What lies beside the code in a container image is in there as well.
    ...(located.image ? { image: { root: located.image.root, uid: app.uid } } : workFiles(app, located.app.folder)),
  };
}

async function kept({ sandbox }: LiveRun, plan: GuestPlan, keep: NonNullable<ReproduceOptions['keep']>): Promise<void> {
  await using open = await openKept(sandbox, plan);
  await keep(open.parts);
}

function unkeepable({ name }: Sandbox): DejaError {
  return new DejaError('DEJA_KEEP_UNSUPPORTED', `a sandbox '${name}' has no network of its own: when it is kept there is nothing to get into`, { hint: 'Keep one with --sandbox namespace, qemu or firecracker.' });
}

function toItsEnd(attempt: (changed: ReproductionPlan) => Promise<LiveRun>): (changed: ReproductionPlan) => Promise<CompletedRun> {
  return async (changed) => {
    await using run = await attempt(changed);
    return run;
  };
}

/** Null as well when it was interrupted. */
async function controlled(plan: ReproductionPlan, attempt: (changed: ReproductionPlan) => Promise<CompletedRun>, changedCode: boolean, options: ReproduceOptions): Promise<ControlResult | null> {
  try {
    return await control(plan, attempt, changedCode, (removed) => options.onProgress?.({ step: 'control', removed }));
  } catch (error) {
    if (options.signal?.aborted) return null;
    throw error;
  }
}

/** The sandbox went while it ran: what was in it did that, for it had come up. */
const LOST: ReadonlySet<string> = new Set(['DEJA_SANDBOX_DIED', 'DEJA_SANDBOX_HUNG']);

/** Reasons that no further run can change. */
const LASTING: ReadonlySet<string> = new Set(['DEJA_DATA_IN_THE_WAY', 'DEJA_NO_START_COMMAND', 'DEJA_PLAN_INVALID', 'DEJA_PORT_IN_USE']);

/** So much longer may a start take on a processor that is emulated. */
const EMULATED_TIMES = 4;

function withReadyTime(plan: ReproductionPlan, asked: number | undefined, { emulated }: Sandbox): ReproductionPlan {
  const { deadlines } = plan.app;
  const readyMs = asked ?? deadlines.readyMs * (emulated ? EMULATED_TIMES : 1);
  return { ...plan, app: { ...plan.app, deadlines: { ...deadlines, readyMs } } };
}

/** `live`: null where the run could not be carried through. */
interface EndedRun extends AsyncDisposable {
  readonly run: RunResult;
  readonly live: LiveRun | null;
}

/** A run that the sandbox or the application broke off is `inconclusive`, with the reason; what Deja itself lacks is thrown. Null: interrupted. */
async function judged(start: () => Promise<LiveRun>, judgement: (completed: CompletedRun) => Judgement, signal: AbortSignal | undefined): Promise<EndedRun | null> {
  try {
    const live = await start();
    const { replayed, observation } = live.replay;
    const { skippedMs, cutOutput } = observation;
    const run = { ms: live.ms, ...(skippedMs !== undefined && { skippedMs }), ...(cutOutput !== undefined && { cutOutput }), failure: replayed?.failure ? summarise(replayed.failure) : null, ...judgement(live) };
    return { run, live, [Symbol.asyncDispose]: () => live[Symbol.asyncDispose]() };
  } catch (error) {
    // Interrupted: the sandbox was ended on purpose, and what it says of that is no result.
    if (signal?.aborted) return null;
    return { run: brokenOff(error), live: null, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}

/** @throws what it was given, where that is neither the application's doing nor the sandbox's */
function brokenOff(error: unknown): RunResult {
  if (!(error instanceof GuestError) && !(error instanceof DejaError && LOST.has(error.code))) throw error;
  const { code, message, hint } = error;
  const output = error instanceof GuestError ? error.output : [];
  return {
    verdict: 'inconclusive', ms: null, failure: null, divergence: { where: 'start', summary: message },
    error: { code, message, ...(hint === undefined ? {} : { hint }), output },
  };
}
