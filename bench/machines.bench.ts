/**
 * Virtual machines: how long until the agent is there, from nothing and from a template, and how much of that is our own work.
 * By QEMU with what this machine has. With FIRECRACKER_BIN also our own work for Firecracker, up to the guest's start; with LAB=1 too, Firecracker beside QEMU with KVM,
 * both in the lab of `tests/lab`, in rounds that alternate.
 */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { measureSandbox, probeSandbox, stored } from '../packages/sandbox/src/index.ts';
import { FirecrackerApi } from '../packages/sandbox/src/drivers/firecracker/api.ts';
import { locateFirecracker } from '../packages/sandbox/src/drivers/firecracker/binary.ts';
import { startReaped } from '../packages/sandbox/src/drivers/firecracker/reaper.ts';
import { FILE, makeWorkplace } from '../packages/sandbox/src/drivers/firecracker/workplace.ts';
import { trialInitramfs } from '../packages/sandbox/src/drivers/vm/trial.ts';
import { guestKernel } from '../packages/sandbox/src/image/kernel.ts';
import { startLab, type Lab } from '../tests/lab/machine.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const SANDBOX = join(import.meta.dirname, '..', 'packages', 'sandbox', 'dist', 'index.js');

function spread(numbers: readonly number[], digits = 0): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(digits);
  return `${at(0.5)} (${at(0)}–${at(1)})`;
}

/** Milliseconds in which this process did something, and not only waited. */
async function active(work: () => Promise<unknown>): Promise<number> {
  const before = performance.eventLoopUtilization();
  await work();
  return performance.eventLoopUtilization(before).active;
}

async function byQemu(): Promise<void> {
  const probe = await probeSandbox('qemu');
  if (!probe.works) return console.log(`QEMU: not measured: ${probe.reason}`);
  const [boot, resume, own]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { kind, path } of stored()) if (kind === 'template' && round < 3) rmSync(path, { recursive: true });
    const first = await measureSandbox('qemu');
    if (first) boot.push(first.bootMs);
    own.push(await active(async () => resume.push((await measureSandbox('qemu'))?.resumeMs ?? Number.NaN)));
  }
  console.log(`QEMU here (${probe.how}), ${ROUNDS} rounds, median and range in ms`);
  console.log(`  agent there, from nothing        ${spread([...new Set(boot)])}`);
  console.log(`  agent there, from a template     ${spread(resume)}`);
  console.log(`  our own work in the latter       ${spread(own, 1)}`);
}

/** All that is asked of Firecracker until the guest's processor starts. What that then does is another matter. */
async function ownWorkForFirecracker(): Promise<void> {
  const [programs, kernel] = await Promise.all([locateFirecracker(), guestKernel()]);
  const initramfs = await trialInitramfs(kernel);
  const [own, whole]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3 * ROUNDS; round += 1) {
    const began = performance.now();
    own.push(await active(async () => {
      const workplace = await makeWorkplace(programs, 256);
      const child = startReaped({ ...workplace, evidence: { files: [], to: workplace.folder } });
      using api = new FirecrackerApi(join(workplace.folder, FILE.api));
      while (!existsSync(join(workplace.folder, FILE.api))) await sleep(1);
      await Promise.all([workplace.bring(kernel.vmlinux, FILE.kernel), workplace.bring(initramfs, FILE.initramfs)]);
      await api.send('PUT /machine-config', { vcpu_count: 1, mem_size_mib: 256 });
      await api.send('PUT /boot-source', { kernel_image_path: FILE.kernel, initrd_path: FILE.initramfs, boot_args: 'reboot=k panic=-1' });
      await api.send('PUT /vsock', { guest_cid: 3, uds_path: FILE.vsock });
      await api.send('PUT /actions', { action_type: 'InstanceStart' });
      whole.push(performance.now() - began);
      child.stdin?.destroy();
      await new Promise((ended) => child.once('close', ended));
    }));
  }
  console.log(`Firecracker ${programs.version} here${programs.jailer === null ? '' : ', jailed'}, up to the guest's start, ${3 * ROUNDS} rounds, median and range in ms`);
  console.log(`  until the guest's processor runs ${spread(whole)}`);
  console.log(`  our own work in it               ${spread(own, 1)}`);
}

async function inLab(): Promise<void> {
  const binary = resolve(process.env['FIRECRACKER_BIN'] ?? '');
  const lab = await startLab();
  try {
    for (const name of ['firecracker', 'jailer']) cpSync(join(dirname(binary), name), join(lab.shared, name));
    const times: Record<'firecracker' | 'qemu', { boot: number[]; resume: number[] }> = { firecracker: { boot: [], resume: [] }, qemu: { boot: [], resume: [] } };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of ['firecracker', 'qemu'] as const) {
        const { bootMs, resumeMs } = await measuredInLab(lab, name);
        times[name].boot.push(bootMs);
        times[name].resume.push(resumeMs);
      }
    }
    const ratio = (what: 'boot' | 'resume'): string => spread(times.firecracker[what].map((ms, round) => ms / (times.qemu[what][round] ?? Number.NaN)), 2);
    console.log(`In the lab (KVM on an emulated processor), ${ROUNDS} rounds, median and range`);
    for (const what of ['boot', 'resume'] as const) {
      console.log(`  agent there, ${what === 'boot' ? 'from nothing   ' : 'from a template'}   Firecracker ${spread(times.firecracker[what])} ms   QEMU with KVM ${spread(times.qemu[what])} ms   ratio ${ratio(what)}`);
    }
  } finally {
    await lab.stop();
  }
}

async function measuredInLab(lab: Lab, name: 'firecracker' | 'qemu'): Promise<{ readonly bootMs: number; readonly resumeMs: number }> {
  const cache = process.env['DEJA_CACHE'] ?? '';
  const { output } = await lab.run(`
    cd ${lab.shared}; rm -rf ${cache}/vm/template-*
    FIRECRACKER_BIN=${lab.shared}/firecracker DEJA_CACHE=${cache} node -e "import('${SANDBOX}').then(async ({ measureSandbox }) => console.log('measured ' + JSON.stringify(await measureSandbox('${name}'))))"
  `);
  const found = /^measured (.*)$/m.exec(output)?.[1];
  if (found === undefined) throw new Error(`the lab measured nothing: ${output}`);
  return JSON.parse(found) as { bootMs: number; resumeMs: number };
}

await byQemu();
if (process.env['FIRECRACKER_BIN']) await ownWorkForFirecracker();
if (process.env['FIRECRACKER_BIN'] && process.env['LAB']) await inLab();
