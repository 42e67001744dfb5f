import { configDefaults, defineConfig } from 'vitest/config';

// Two cores: a few files at a time. Tests against Debian's peers have a run of their own (vitest.peers.config.ts).
export default defineConfig({
  test: {
    exclude: [...configDefaults.exclude, '**/*.peers.test.ts', 'data*/**'],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
