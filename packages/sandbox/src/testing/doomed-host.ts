// A host that starts a sandbox and waits to be killed: `node doomed-host.js KIND SPEC PLAN`.
import type { GuestPlan } from '@deja/guest';
import { startIn } from '../drivers/namespace/driver.js';
import { processDriver } from '../drivers/process/driver.js';
import type { SandboxSpec } from '../sandbox.js';

const [kind, spec = '', plan = ''] = process.argv.slice(2);
const how = JSON.parse(spec) as SandboxSpec;
const started = kind === 'bubblewrap' || kind === 'unshare' ? await startIn(kind, how) : await processDriver.start(how);
console.log('started');
await started.apply(JSON.parse(plan) as GuestPlan);
await started.start();
console.log('running');
setInterval(() => undefined, 1000);
