import type { Duplex } from 'node:stream';
import type { GuestPlan, LogStream, MysqlEngine, Observation, PostgresEngine } from '@deja/guest';

export type SandboxName = 'process' | 'namespace' | 'qemu' | 'firecracker';
export type SandboxChoice = 'auto' | SandboxName;

/** What separates the application from the machine. */
export type Isolation = 'none' | 'namespaces' | 'virtual machine';

/** A file or folder of this machine, and the path at which the sandbox shows it. */
export interface Mount {
  readonly from: string;
  readonly at: string;
}

/** The recorded command: Node's options, the script and its arguments; the folder in which it was given. */
export interface StartCommand {
  readonly words: readonly string[];
  readonly cwd: string;
}

/** The root file system of a container image, which the application's folder is in. Nothing in it is trusted: links lead where they lead in there. */
export interface ImageRoot {
  readonly root: string;
  /** Number of the recorded user: all files are this user's where their owners could not be kept. */
  readonly uid: number;
}

/** What a sandbox is made of. Paths of this machine, unless said otherwise. */
export interface SandboxSpec {
  /** The application's folder, shown at its recorded path. The application may write to it; the real folder does not change. */
  readonly app: Mount;
  /** What will start it, by which images leave out packages that are of no use to it. Without: all are there. */
  readonly command?: StartCommand;
  /** The application comes from a container image. Virtual machines give it all of it; the others only its folder, and what lies in the image beside that. */
  readonly image?: ImageRoot;
  /** The Node executable that runs the application, shown where the recording had it. */
  readonly node: Mount;
  /** Modules that the plan names (the preload): shown with all that they import. */
  readonly modules?: readonly string[];
  /** Files and folders that the plan names (engine binaries, engine templates): shown read-only. */
  readonly tools?: readonly string[];
  /** The engines that the plan names, which may be started before the plan is there. Their files are among the `tools`. */
  readonly postgres?: PostgresEngine;
  readonly mysql?: MysqlEngine;
  /** Further folders that the application may write to; the real ones do not change. */
  readonly writable?: readonly Mount[];
  /** Further files and folders for the application, read-only. */
  readonly extra?: readonly Mount[];
  /** Called with everything that the application and the agent print. */
  readonly onLog?: (stream: LogStream, bytes: Uint8Array) => void;
}

/** A way to make sandboxes that was found to work on this machine. */
export interface Sandbox {
  readonly name: SandboxName;
  readonly isolation: Isolation;
  /** One line for people: what it is and, where it does not isolate, that it does not. */
  readonly description: string;
  /** Why this one was picked. */
  readonly reason: string;
  /** Software does a processor's work: all takes many times as long. */
  readonly emulated: boolean;
  /**
   * @throws DejaError DEJA_SANDBOX_FAILED with what the driver printed, DEJA_SANDBOX_APP_ROOT
   */
  start(spec: SandboxSpec): Promise<StartedSandbox>;
}

export interface Timed {
  /** Milliseconds inside the sandbox. */
  readonly ms: number;
}

export interface Triggered extends Timed {
  readonly observation: Observation;
  /** What the replayed application's capture wrote. */
  readonly packages: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/**
 * A sandbox with the guest agent ready in it. Once through: apply, start, trigger.
 *
 * All three throw GuestError for what went wrong inside (see GuestFailure), DejaError DEJA_SANDBOX_DIED when the sandbox ended
 * by itself, DEJA_SANDBOX_HUNG when it did not answer in time.
 */
export interface StartedSandbox extends AsyncDisposable {
  readonly name: SandboxName;
  /** Milliseconds from `start` until the agent answered. */
  readonly startMs: number;
  /**
   * Makes names, addresses, engines and stubs. The plan speaks of recorded paths for the application and of this machine's paths
   * for preload, engine binaries and templates; the driver turns both into the sandbox's own, and sets `network.mode`.
   */
  apply(plan: GuestPlan): Promise<Timed>;
  /** Starts the application and waits until it accepts connections. */
  start(): Promise<Timed>;
  trigger(): Promise<Triggered>;
  /** A connection to what listens in the sandbox, at any time after `apply`. GuestError DEJA_NOT_LISTENING: nothing does. */
  dial(host: string, port: number): Promise<Duplex>;
  /** Ends every process of the sandbox. May be called at any time, and again. */
  stop(): Promise<StoppedSandbox>;
}

export interface StoppedSandbox {
  readonly name: SandboxName;
  /** Milliseconds from start to end. */
  readonly lifeMs: number;
}

/** A kind of sandbox, before it is known whether it works here. */
export interface Driver {
  readonly name: SandboxName;
  readonly isolation: Isolation;
  readonly description: string;
  /** Tries it for real. */
  probe(): Promise<ProbeResult>;
  /** Where trying takes seconds: what came out of it the last time. */
  recall?(): Promise<ProbeResult>;
  /** Where machines are booted and resumed: how long both take here. Throws what `start` throws. */
  measure?(): Promise<Measured>;
  start(spec: SandboxSpec): Promise<StartedSandbox>;
}

export interface Measured {
  /** Milliseconds from nothing until the agent was there. */
  readonly bootMs: number;
  /** Milliseconds until the agent of a copy answered that went on from a template. */
  readonly resumeMs: number;
}

/** `triedAt`: milliseconds since 1970 at which that was found out, where it is remembered. */
export type ProbeResult =
  | { readonly works: true; readonly how: string; readonly ms: number; readonly emulated?: true; readonly triedAt?: number }
  | { readonly works: false; readonly reason: string; readonly cure?: string; readonly triedAt?: number };
