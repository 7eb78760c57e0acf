import { dirname, resolve } from 'node:path';
import type { ApplicationInfo, CaptureSource } from '@deja/format';
import { pendingSchemas } from '../drivers/index.js';
import { applicationInfo } from '../environment/application-info.js';
import { processInfo, startedProcess } from '../environment/process-info.js';
import { preview } from '../errors/preview.js';
import { Failures } from '../failure/failures.js';
import { Replaying, readInstructions } from '../failure/replaying.js';
import { installProcessFailures } from '../failure/process-failures.js';
import { installShownErrors } from '../failure/shown-errors.js';
import { DataPaths } from '../files/data-paths.js';
import { installFiles } from '../files/install-files.js';
import { ObservedFiles } from '../files/observed-files.js';
import { installFrameworks } from '../frameworks/index.js';
import { startModuleHooks } from '../hooks/module-hooks.js';
import { noteNotCaptured, reportOnce } from '../hooks/not-captured.js';
import { installHttpClient } from '../http/client.js';
import { Listening } from '../http/listening.js';
import { installHttpServer } from '../http/server.js';
import { installDatagrams } from '../net/datagrams.js';
import { installConnections } from '../net/install-connections.js';
import { installGrpc } from '../http/grpc.js';
import { installHttp2Client } from '../http/http2/client.js';
import { installUndici } from '../http/undici.js';
import { startLocals } from '../locals/start-locals.js';
import { recordRandomness } from '../random/record.js';
import { ProgramAnswers } from '../processes/answers.js';
import { installProcesses } from '../processes/install-processes.js';
import { policyOf } from '../redact/policy.js';
import { QUEUE_CLIENTS } from '../queues/index.js';
import { Redactor, redactorOf } from '../redact/redactor.js';
import { installReplay } from '../replay/install-replay.js';
import type { About } from './assemble.js';
import type { CaptureConfig } from './config.js';
import { described, guarded } from './guard.js';
import type { Instrumentation } from './instrumentation.js';
import { IncomingMessages } from './incoming-messages.js';
import { Packager } from './packager.js';
import { TimelineRecorder } from './timeline-recorder.js';

export interface Identity {
  readonly service?: string;
  readonly release?: string;
}

/** The capture of this process. */
export class Capture implements Disposable {
  readonly config: CaptureConfig;
  readonly recorder: TimelineRecorder;
  readonly failures: Failures;
  /** The last value of each named state. */
  readonly states = new Map<string, unknown>();
  identity: Identity;
  readonly #packager: Packager;
  readonly #listening = new Listening();
  readonly #started = startedProcess();
  readonly #installed: Disposable[] = [];
  readonly #sources: CaptureSource[] = [];
  /** Of a replay. */
  #programs: ProgramAnswers | null = null;
  #application: ApplicationInfo | undefined = undefined;

  constructor(config: CaptureConfig) {
    this.config = config;
    this.identity = config;
    this.recorder = new TimelineRecorder(config.limits);
    const env = this.#started.env;
    this.#packager = new Packager({
      recorder: this.recorder,
      // Now: the application may change its directory.
      out: resolve(config.out),
      perMinute: config.limits.packages,
      redactor: () => (config.replay === undefined ? redactorOf(env) : new Redactor({ policy: policyOf('off') })),
      ready: pendingSchemas,
      about: (redactor) => this.#about(redactor),
    });
    const replaying = config.replay === undefined ? undefined : this.#replay(config.replay);
    this.failures = new Failures(this.recorder, this.#packager, replaying);
  }

  /** Hooks everything in. What cannot be hooked in is said and left out. */
  install(instrumentations: readonly Instrumentation[]): void {
    const { recorder, failures, config } = this;
    const { body } = config.limits;
    this.#install('the process', () => installProcessFailures(failures, (code) => this.#packager.exiting(code)));
    this.#install('the stacks of errors', () => installShownErrors((error) => failures.shown(error)));
    this.#install('listening servers', () => this.#listening.install(() => recorder.listening(), () => recorder.starting));
    this.#install('the HTTP server', () => installHttpServer(recorder, failures, body));
    this.#install('the HTTP client', () => installHttpClient(recorder, body));
    this.#install('the HTTP/2 client', () => installHttp2Client(recorder, body));
    this.#install('gRPC', () => installGrpc(recorder));
    this.#install('undici', () => installUndici(recorder, body));
    this.#observe('connections', () => installConnections(recorder, body));
    this.#observe('datagrams', () => installDatagrams(recorder, body));
    this.#observe('processes', () => installProcesses(recorder, body, this.#programs));
    this.#observe('files', () => installFiles(new ObservedFiles(recorder, this.#dataPaths(), body)));
    const handled = guarded('errors of frameworks', failures.handled.bind(failures), undefined);
    this.#install('frameworks', () => installFrameworks(handled));
    const randomness = recordRandomness({ currentScope: () => recorder.currentRequest() });
    for (const one of [randomness, ...instrumentations]) this.#install(one.name, () => one.install(recorder));
    const incoming = new IncomingMessages(recorder, failures);
    for (const one of QUEUE_CLIENTS) this.#install(one.name, () => one.install(recorder, incoming));
    // A replay is compared by frames and exchanges: the variables of the recording are enough.
    if (config.replay === undefined) this.#install('locals', () => this.#locals());
    else this.#packager.rehearse();
  }

  /** Sees ES module imports too, from here on. */
  async watchImports(): Promise<void> {
    await startModuleHooks();
  }

  /** Work that no HTTP request triggers, in a scope of its own. */
  runEntry<R>(name: string, fn: () => R): R {
    const scope = this.recorder.openRequest(undefined, name);
    const over = (): void => this.recorder.closeRequest(scope);
    const failed = (error: unknown): void => {
      this.recorder.runIn(scope, () => this.failures.reported(error));
      over();
    };
    try {
      const result = this.recorder.runIn(scope, fn);
      if (result instanceof Promise) result.then(over, failed);
      else over();
      return result;
    } catch (error) {
      failed(error);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const installed of this.#installed.splice(0).toReversed()) installed[Symbol.dispose]();
  }

  #locals(): Disposable {
    const watch = startLocals({ root: this.#started.root, paused: guarded('where an error was thrown', (error: unknown) => this.failures.pausedAt(error), undefined) });
    void watch.ready.then((reason) => {
      if (reason !== undefined) noteNotCaptured(`variables of frames: ${reason}`);
    });
    return watch;
  }

  /** First of all: what is hooked in later must see the recorded hosts and not where they are led. */
  #replay(file: string): Replaying {
    const instructions = readInstructions(file);
    const replay = installReplay(instructions, { currentRequest: () => this.recorder.currentRequest()?.recorded });
    this.#installed.push(replay);
    if (instructions.processes) this.#programs = new ProgramAnswers(instructions.processes, file);
    return new Replaying(instructions, () => replay.firstRequest());
  }

  /** Deja's own files are no data, nor are Node's. */
  #dataPaths(): DataPaths {
    const { out, replay } = this.config;
    const authorities = process.env['NODE_EXTRA_CA_CERTS'];
    return new DataPaths(this.#started.root, [resolve(out), dirname(dirname(process.execPath)), ...(replay ? [dirname(replay)] : []), ...(authorities ? [authorities] : [])]);
  }

  /** What lies below the clients that are known; `DEJA_CONNECTIONS=off` and its like turn it off. */
  #observe(source: CaptureSource, install: () => Disposable): void {
    if (process.env[`DEJA_${source.toUpperCase()}`] === 'off') return;
    this.#install(source, () => {
      const installed = install();
      this.#sources.push(source);
      return installed;
    });
  }

  #install(name: string, install: () => Disposable): void {
    try {
      this.#installed.push(install());
    } catch (error) {
      noteNotCaptured(`${name}: could not be hooked in`);
      reportOnce(`${name} could not be hooked in: ${described(error)}`);
    }
  }

  #about(redactor: Redactor): About {
    const { root, entry } = this.#started;
    this.#application ??= applicationInfo(root, entry);
    return {
      service: this.identity.service ?? this.#application.name ?? 'service',
      release: this.identity.release ?? this.#application.version,
      mode: this.config.replay === undefined ? 'production' : 'replay',
      process: processInfo(this.#started, redactor),
      application: this.#application,
      listening: this.#listening.addresses(),
      startMs: this.#listening.startMs,
      sources: this.#sources,
      bodyCap: this.config.limits.body,
      states: previews(this.states),
    };
  }
}

function previews(states: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...states].map(([name, value]) => [name, preview(value)]));
}
