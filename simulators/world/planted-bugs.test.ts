import { test } from 'vitest';
import { expectCaught } from './planted-bug.test-support.ts';
import { plantedBugs } from './planted-bugs.test-support.ts';

test.each(plantedBugs)('$bug: $caughtBy', { timeout: 120_000 }, (planted) =>
  expectCaught(planted, { seed: 1, hours: 48 }),
);
