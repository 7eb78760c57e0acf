export type {
  Isolation, Mount, ProbeResult, Sandbox, SandboxChoice, SandboxName, SandboxSpec, StartedSandbox, StoppedSandbox, Timed, Triggered,
} from './sandbox.js';
export { GuestError } from './errors.js';
export { measureSandbox, pickSandbox, probeSandbox, probeSandboxes } from './pick.js';
export { forgetTrials } from './drivers/vm/trial-memory.js';
export { SYSTEM_PATH } from './layout/system-path.js';
export { buildImages } from './drivers/vm/parts.js';
export { imageReference, type ImageReference } from './image/oci/image-reference.js';
export { resolveIn } from './image/oci/root-folder.js';
export { unpackImage, type UnpackedImage } from './image/oci/unpack-image.js';
export { orCacheUnusable, usableCacheFolder } from './image/usable-cache.js';
export { collectGarbage, stored, type Stored } from './image/store.js';
export { installFirecracker, type Installed } from './drivers/firecracker/install.js';
export { locateFirecracker, type Firecracker } from './drivers/firecracker/binary.js';
