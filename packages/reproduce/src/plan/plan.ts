import type { Certificate, FixturePlan } from '@deja/fixtures';
import type { StubPlan } from '@deja/stubs';
import type { ErrorPackage, SqliteAnswer, Trigger } from '@deja/format';
import type { PlanEdit } from './edits.js';

/** Everything a reproduction needs, decided: what `deja plan` writes as a folder and `deja reproduce` runs. */
export interface ReproductionPlan {
  readonly deja: 'plan/1';
  readonly app: AppPlan;
  readonly fixtures: FixturePlan;
  readonly stubs: StubPlan;
  /** In-process databases have no proxy: capture's replay mode gives these answers. */
  readonly sqlite: readonly SqliteAnswer[];
  readonly certificate: Certificate;
  /** Milliseconds since 1970 that the application's clock shows when the trigger arrives. */
  readonly clock: number;
  /** In order of `at`, milliseconds after the first. Empty: starting the application is the trigger. */
  readonly triggers: readonly PlannedTrigger[];
  /** The recording against which the replay is compared. */
  readonly recording: ErrorPackage;
  /** Where a plan that was read from a folder departs from the recording. */
  readonly edits: readonly PlanEdit[];
}

/** A plan that is being made: what a sandbox is made of is known at once, rows and answers take the compiler. */
export interface PlanInMaking {
  readonly recording: ErrorPackage;
  readonly app: AppPlan;
  readonly plan: Promise<ReproductionPlan>;
}

export interface PlannedTrigger {
  readonly request: number;
  readonly at: number;
  readonly trigger: Trigger;
}

/** How the application is started, in recorded paths; a sandbox may put another folder in their place. */
export interface AppPlan {
  /** Without the Node executable: Node's options, the script and its arguments. */
  readonly arguments: readonly string[];
  readonly cwd: string;
  /** The folder that holds the application and its `node_modules`. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly node: { readonly version: string; readonly path: string };
  /** The application is ready when it listens here. */
  readonly ready: readonly { readonly address: string; readonly port: number }[];
  readonly deadlines: { readonly readyMs: number; readonly triggerMs: number };
}
