import { afterEach, expect, test, vi } from 'vitest';
import { plantedBugs } from './planted-bugs.test-support.ts';

afterEach(() => {
  vi.doUnmock('x');
  vi.resetModules();
});

test.each(plantedBugs)('$bug: $caughtBy', async ({ module, plant, seed, caughtBy }) => {
  vi.resetModules();
  vi.doMock(module, async (importReal) => {
    const real = await importReal<object>();
    return { ...real, ...plant(real) };
  });
  try {
    const { judgeSeed } = await import('./verdict.ts');
    const { violations } = await judgeSeed({ seed, hours: 48 });
    expect(violations.map(({ invariant }) => invariant)).toContain(caughtBy);
  } finally {
    vi.doUnmock(module);
  }
});
