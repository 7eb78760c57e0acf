import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Real servers and processes run beside the tests, on machines of two cores.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // What is made once (engines, kernels, images) is made once for all tests.
    env: { DEJA_CACHE: join(import.meta.dirname, '.deja', 'cache') },
  },
});
