import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { registryPage } from '../registry/registry-pages.ts';
import { type PersonCliParts, runPersonCli } from './person-cli.ts';

test.for([{ asked: [] }, { asked: ['--yes'] }])(
  'in an emergency nobody is erased, and is told so before: $asked',
  async ({ asked }) => {
    const registry = createRegistry({ state: new FoldState() });
    registry.apply(smallCounty);
    const complaints: string[] = [];
    const never = () => Promise.reject(new Error('it must not be asked'));
    const code = await runPersonCli({
      argv: ['erase', 'widow', '--reason', 'she asked for it', ...asked],
      system: {
        command: never,
        page: async (request) => registryPage(registry, request),
        headSequence: never,
        whyNotErased: async (personId) => `incident A1B2 of ${personId} is not over`,
      },
      ...{ openKeys: never, openHistory: never, files: never, pause: never },
      disk: { list: never, read: never },
      ...{ now: () => 0, timeZone: 'Asia/Shanghai', chance: chanceOf(1, 'erase') },
      print: () => {},
      complain: (text) => complaints.push(text),
    } satisfies PersonCliParts);
    expect(code).toBe(1);
    expect(complaints).toEqual([expect.stringContaining('A1B2')]);
  },
);
