import { expect, vi } from 'vitest';
import type { WorldOptions } from './world.ts';

/**
 * A fault that is put in place of a part of the system, for as long as one world lasts. `module` is seen from this folder; `plant`
 * makes what replaces some of its exports. `caughtBy` names the invariant that must fail in the world of `seed`.
 */
export type PlantedBug = Partial<WorldOptions> & {
  bug: string;
  caughtBy: string;
  module: string;
  plant: (real: object) => object;
};

/** `plant` sees the real exports of its module, with their types. */
export function bug<Module extends object>({
  plant,
  ...words
}: Omit<PlantedBug, 'plant'> & { plant: (real: Module) => Partial<Module> }): PlantedBug {
  return { ...words, plant: (real) => plant(real as Module) };
}

/** The world happens with the fault in it, and is judged. `usual` is what the bug itself does not say. */
export async function expectCaught({ bug: _, caughtBy, module, plant, ...own }: PlantedBug, usual: WorldOptions) {
  vi.resetModules();
  vi.doMock(module, async (importReal) => {
    const real = await importReal<object>();
    return { ...real, ...plant(real) };
  });
  try {
    const { judgeSeed } = await import('./verdict.ts');
    const { violations } = await judgeSeed({ ...usual, ...own });
    expect(violations.map(({ invariant }) => invariant)).toContain(caughtBy);
  } finally {
    vi.doUnmock(module);
    vi.resetModules();
  }
}
