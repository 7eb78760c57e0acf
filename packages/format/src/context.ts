import type { Body, HeaderList, Message } from './event.js';

export interface HttpTrigger {
  readonly kind: 'http';
  readonly method: string;
  /** Path and query as on the request line. */
  readonly target: string;
  readonly httpVersion?: string;
  readonly headers: HeaderList;
  readonly body?: Body;
  /** The address and port of the application at which it arrived. */
  readonly local: { readonly address: string; readonly port: number; readonly tls?: boolean };
}

/** A message that a broker delivered to a consumer of the application. */
export interface MessageTrigger extends Message {
  readonly kind: 'message';
  /** Name of an entry of `servers`. */
  readonly server: string;
  readonly consumer: {
    /** What it was consumed from. NATS: the subject of the subscription, or of the requests for messages (JetStream); AMQP: the queue; Kafka: the topic. */
    readonly source: string;
    /** NATS: queue group; Kafka: consumer group. */
    readonly group?: string;
  };
  /** Kafka: what came with it in one batch, after it. */
  readonly batch?: readonly Message[];
}

/** The failure struck outside any request: starting the application is what triggers it. */
export interface StartTrigger {
  readonly kind: 'start';
}

export type Trigger = HttpTrigger | MessageTrigger | StartTrigger;

/** One request, or one message that was consumed; number 0 of the list is the failing one, the others overlapped it. */
export interface RequestInfo {
  readonly trigger: Trigger;
  /** Milliseconds from the timeline's epoch. */
  readonly at: number;
  readonly ms?: number;
  /** The application's answer, where it gave one. */
  readonly response?: { readonly status: number; readonly headers: HeaderList; readonly body?: Body };
}

/** How the process was started, enough to start it again. */
export interface ProcessInfo {
  readonly node: string;
  readonly execPath: string;
  readonly execArgv: readonly string[];
  /** Without the executable: the script and its arguments. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Absolute path of the main script. */
  readonly entry?: string;
  /** Folder of the application: frames and `--app` are relative to it. */
  readonly root: string;
  /** After redaction, without Deja's own variables. */
  readonly env: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly arch: string;
  readonly uid?: number;
  readonly timeZone?: string;
  readonly locale?: string;
  readonly title?: string;
  readonly pid: number;
}

export interface ApplicationInfo {
  readonly name?: string;
  readonly version?: string;
  /** Direct dependencies that were loaded, with their versions. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** sha256 of the entry file. */
  readonly entryHash?: string;
}

export interface Context {
  /** Milliseconds since 1970; the zero of every `at`. */
  readonly epoch: number;
  readonly requests: readonly RequestInfo[];
  readonly process: ProcessInfo;
  readonly application: ApplicationInfo;
  /** Where the application listened when it was ready. */
  readonly listening: readonly { readonly address: string; readonly port: number; readonly tls?: boolean }[];
  /** Milliseconds from process start until it listened. */
  readonly startMs?: number;
}
