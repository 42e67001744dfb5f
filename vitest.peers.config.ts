import { defineConfig } from 'vitest/config';

/** Tests against clients and servers that come from Debian; `.ci/run` installs them first. */
export default defineConfig({
  test: { include: ['**/*.peers.test.ts'], maxWorkers: 1, testTimeout: 60_000, hookTimeout: 60_000 },
});
