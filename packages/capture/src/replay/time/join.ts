import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { isMainThread, Worker } from 'node:worker_threads';
import type { ReplayTime, TimeAnswer, TimeHello, TimeOrder } from '@deja/format';
import { skip, skipped } from '../../core/clock.js';
import { watchTimers, type PendingTimers } from './pending-timers.js';
import { showSkippedTime } from './shown-time.js';

/**
 * What waits in the thread pool for something outside, and would take real time: a resolver for its answer, a file for its other end. What computes there
 * is seen by its thread, and sockets answer at once.
 */
const OUTSIDE = new Set(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap', 'GetNameInfoReqWrap', 'QueryReqWrap']);

/** This thread's clock and timers go forward as the agent says. Throws when this Node's timers cannot. */
export function joinTime({ socket: path, skipped: file }: ReplayTime): Disposable {
  const timers = watchTimers();
  const workers = watchWorkers();
  const shown = showSkippedTime();
  skip(Number(readFileSync(file, 'latin1')));
  const socket = connect(path).setEncoding('utf8');
  // It keeps no process alive, and when the agent has gone time passes as it does.
  socket.unref();
  socket.on('error', () => undefined);
  socket.write(line({ pid: process.pid, main: isMainThread, skipped: skipped() } satisfies TimeHello));
  let text = '';
  socket.on('data', (chunk: string) => {
    const orders = (text + chunk).split('\n');
    text = orders.pop() ?? '';
    for (const order of orders) socket.write(line(obey(JSON.parse(order) as TimeOrder, timers, workers.running)));
  });
  return {
    [Symbol.dispose]: () => {
      socket.destroy();
      shown[Symbol.dispose]();
      timers[Symbol.dispose]();
      workers[Symbol.dispose]();
    },
  };
}

function obey(order: TimeOrder, timers: PendingTimers, workers: number): TimeAnswer {
  const { id } = order;
  switch (order.do) {
    case 'tell': {
      const busy = process.getActiveResourcesInfo().find((one) => OUTSIDE.has(one));
      return busy === undefined ? { id, left: timers.left(), workers } : { id, busy: `the application waits for something outside (${busy})` };
    }
    case 'skip':
      skip(order.ms);
      timers.bringNearer(order.ms);
      return { id, done: true };
  }
}

/** Threads that this one has started. Those that Node starts for itself (for hooks of modules) wait for it and for nothing else. */
function watchWorkers(): Disposable & { readonly running: number } {
  let running = 0;
  const started = (worker: Worker): void => {
    if (worker.constructor.name !== Worker.name) return;
    running++;
    worker.once('exit', () => running--);
  };
  process.on('worker', started);
  return {
    get running() {
      return running;
    },
    [Symbol.dispose]: () => void process.off('worker', started),
  };
}

function line(message: TimeHello | TimeAnswer): string {
  return `${JSON.stringify(message)}\n`;
}
