// The guest agent's program. Without arguments the protocol is on standard input and output; the argument is the path of a Unix socket to serve it on.
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { Dialled } from './dialled.js';
import { failureOf } from './failure.js';
import type { Frame } from './frames.js';
import { socketLink, standardLink } from './host-link.js';
import type { GuestPlan, WarmUp } from './plan.js';
import { PROTOCOL_VERSION } from './protocol.js';
import type { GuestFrame, HostFrame, TunnelFrame } from './protocol.js';
import type { Session } from './session.js';

/** Exit code after an error of the agent itself (EX_SOFTWARE). */
const AGENT_BROKE = 70;

const listener = {
  opened: () => send({ type: 'hello', protocol: PROTOCOL_VERSION, node: process.versions.node, pid: process.pid }),
  frame: (frame: Frame) => void answer(frame),
  // The host is gone, however it went: nothing of the sandbox may outlive it.
  closed: () => void end(0),
};
const [socket] = process.argv.slice(2);
const link = socket === undefined ? standardLink(listener) : socketLink(socket, listener);

const dialled = new Dialled(send);

function send(frame: GuestFrame | TunnelFrame, payload?: Uint8Array): void {
  link.send(frame, payload);
}

function log(text: string): void {
  send({ type: 'log', stream: 'agent' }, Buffer.from(text));
}

// Whatever a library prints must not get between the frames.
const toLog = new Writable({
  write(chunk: Buffer, _encoding, done) {
    log(chunk.toString());
    done();
  },
});
globalThis.console = new Console({ stdout: toLog, stderr: toLog });

async function answer({ header, payload }: Frame): Promise<void> {
  const request = header as unknown as HostFrame | TunnelFrame;
  if ('connection' in request) return dialled.receive(request, payload);
  const began = performance.now();
  try {
    const result = await perform(request, payload);
    send({ type: 'done', id: request.id, ms: performance.now() - began }, result === undefined ? undefined : Buffer.from(JSON.stringify(result)));
  } catch (error) {
    send({ type: 'failed', id: request.id, error: failureOf(error) });
  }
  if (request.type === 'stop') await end(0);
}

async function perform(request: HostFrame, payload: Uint8Array): Promise<unknown> {
  const session = await loading;
  switch (request.type) {
    case 'greet':
      return undefined;
    case 'warm':
      return await session.warm(JSON.parse(Buffer.from(payload).toString()) as WarmUp);
    case 'apply':
      return await session.apply(JSON.parse(Buffer.from(payload).toString()) as GuestPlan);
    case 'start':
      return await session.start();
    case 'trigger':
      return await session.trigger();
    case 'stop':
      return await session.stop();
    case 'dial':
      return await dialled.dial(request.id, request.host, request.port);
  }
}

let ending = false;

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await loading.then((session) => session.stop()).catch((error: unknown) => log(`stopping: ${String(error)}\n`));
  process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));
process.on('uncaughtException', (error) => {
  log(`${error.stack ?? error.message}\n`);
  void end(AGENT_BROKE);
});

// After the greeting: the host goes on with its own work while the rest is loaded.
const loading: Promise<Session> = import('./session.js').then(
  (module) =>
    new module.Session({
      log: (stream, bytes) => send({ type: 'log', stream }, bytes),
      package: (name, bytes) => send({ type: 'package', name }, bytes),
    }),
);
