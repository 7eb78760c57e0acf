import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';
import type { Driver, SandboxSpec } from '../../sandbox.js';
import { readyTemplate, warmUpOf } from './ready-template.js';
import { templateAt } from './template.js';
import { TemplatedSandbox } from './templated.js';
import type { Vmm } from './vmm.js';

type Description = Pick<Driver, 'description' | 'probe' | 'recall'> & {
  readonly name: Vmm['name'];
  /** Makes what machines of this specification are made of. */
  readonly prepare: (spec: SandboxSpec) => Promise<Vmm>;
};

/** A driver whose sandboxes are virtual machines that go on from templates. */
export function vmDriver({ prepare, ...described }: Description): Driver {
  // Several runs are made of one specification: what they are made of is looked at once.
  const prepared = new WeakMap<SandboxSpec, Promise<Vmm>>();
  return {
    ...described,
    isolation: 'virtual machine',

    async start(spec) {
      const began = performance.now();
      const known = prepared.get(spec) ?? prepare(spec);
      prepared.set(spec, known);
      const vmm = await known;
      return new TemplatedSandbox(vmm, { warmUp: warmUpOf(spec), onLog: spec.onLog }, performance.now() - began);
    },

    async measure() {
      const vmm = await prepare(emptySpec());
      const { folder, bootMs } = await readyTemplate(vmm, { warmUp: {}, onLog: undefined });
      const { agent } = await vmm.resume({ template: templateAt(folder) }, undefined);
      await agent.stop();
      return { bootMs, resumeMs: agent.startMs };
    },
  };
}

/** A machine with nothing but the agent in it. */
function emptySpec(): SandboxSpec {
  const empty = join(vmFolder(), 'empty');
  mkdirSync(empty, { recursive: true });
  return { app: { from: empty, at: '/srv/app' }, node: { from: process.execPath, at: '/usr/local/bin/node' } };
}
