import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { connectAgent } from './started.js';

describe('a sandbox that does not come up', () => {
  it.each([
    ['its program is missing', '/nonexistent/bwrap', [], 'ENOENT'],
    ['its program refuses', '/bin/sh', ['-c', 'echo "No permissions to create new namespace" >&2; exit 3'], 'exit code 3: No permissions'],
    ['something else answers', '/bin/sh', ['-c', 'echo Welcome to this machine'], 'not this protocol'],
  ])('says why: %s', async (_why, program, args, message) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const making = { name: 'namespace' as const, child, onLog: undefined, place: (plan: never) => plan, kill: () => child.kill('SIGKILL'), orderly: false };
    await expect(connectAgent(making, performance.now())).rejects.toMatchObject({ code: 'DEJA_SANDBOX_FAILED', message: expect.stringContaining(message) });
  });
});
