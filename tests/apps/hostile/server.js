// Fails the same way whatever it is asked. Where it finds itself in a virtual machine it first does what its path says: harm.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';

const HARM = {
  panic: () => writeFileSync('/proc/sysrq-trigger', 'c'),
  /** Stops every process but itself: above all the agent. */
  hang: () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && Number(name) !== 1)) {
      if (readFileSync(`/proc/${pid}/cmdline`, 'latin1') !== '') process.kill(Number(pid), 'SIGSTOP');
    }
  },
  flood: () => {
    const line = `${'x'.repeat(1023)}\n`.repeat(64);
    for (let times = 0; times < 512; ) {
      try {
        writeSync(1, line);
        times++;
      } catch (error) {
        // The pipe is full: its reader is slower.
        if (error.code !== 'EAGAIN') throw error;
      }
    }
  },
  disk: () => {
    const file = openSync('full', 'w');
    const chunk = Buffer.alloc(1024 * 1024, 1);
    try {
      for (;;) writeSync(file, chunk);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  },
  forks: () => void spawn('sh', ['-c', 'bomb() { bomb | bomb & }; bomb'], { stdio: 'ignore', detached: true }),
  memory: () => {
    for (const kept = []; ; ) kept.push(Buffer.alloc(16 * 1024 * 1024, 1));
  },
};

createServer((request, response) => {
  const harm = HARM[request.url.slice(1)];
  if (existsSync('/.deja/pid-one')) harm();
  console.error(new Error('it failed'));
  response.statusCode = 500;
  response.end();
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('hostile is listening'));
