import { afterEach, expect, test, vi } from 'vitest';
import { noFaults } from './faults.ts';
import { plantedBugs } from './planted-bugs.test-support.ts';

const hours = 48;

afterEach(() => vi.resetModules());

test.each(plantedBugs)('$bug: $caughtBy', { timeout: 120_000 }, async ({ module, plant, seed, faults, caughtBy }) => {
  vi.resetModules();
  vi.doMock(module, async (importReal) => {
    const real = await importReal<object>();
    return { ...real, ...plant(real) };
  });
  try {
    const { judgeSeed } = await import('./verdict.ts');
    const plan = faults && { faults: { ...noFaults(hours * 3_600_000), ...faults } };
    const { violations } = await judgeSeed({ seed, hours, ...plan });
    expect(violations.map(({ invariant }) => invariant)).toContain(caughtBy);
  } finally {
    vi.doUnmock(module);
  }
});
