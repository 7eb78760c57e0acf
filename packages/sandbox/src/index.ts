export type {
  Isolation, Mount, ProbeResult, Sandbox, SandboxChoice, SandboxName, SandboxSpec, StartedSandbox, StoppedSandbox, Timed, Triggered,
} from './sandbox.js';
export { GuestError } from './errors.js';
export { pickSandbox, probeSandboxes } from './pick.js';
