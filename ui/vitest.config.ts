import { defineConfig } from 'vitest/config';

export default defineConfig({
  // A bound for what hangs, not a measure: machines that build at the same time are slow.
  test: { include: ['src/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
});
