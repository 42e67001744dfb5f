import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import type { RegistryChange } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { createHome } from './home.ts';
import { createLedger } from './life/ledger.ts';
import { localTime } from './watch.test-support.ts';

const person = (id: string, householdId: string): RegistryChange => ({
  ...{ type: 'put', entity: 'person' },
  value: { id, householdId, name: id, categories: [], language: 'en' },
});
const house = (id: string): RegistryChange[] => [
  { type: 'put', entity: 'place', value: { id: `place-${id}`, areaId: 'village', kind: 'house', name: id } },
  { type: 'put', entity: 'household', value: { id, areaId: 'village', currentPlaceId: `place-${id}` } },
];

test('each event is told of its own home, as the registry has it by then', () => {
  const state = new FoldState();
  const registry = createRegistry({ state });
  registry.apply([...house('h1'), ...house('h2'), person('nara', 'h1'), person('bayar', 'h2')]);
  const { home, moveTo } = createHome({ state, registry, ledger: createLedger({ state, registry }), localTime });
  const seen = () => [home.household()?.id, home.place()?.id, home.people().map(({ id }) => id)];

  moveTo({ householdId: 'h1' });
  expect([seen(), seen()]).toEqual([
    ['h1', 'place-h1', ['nara']],
    ['h1', 'place-h1', ['nara']],
  ]);
  moveTo({ householdId: 'h2' });
  expect(seen()).toEqual(['h2', 'place-h2', ['bayar']]);
  registry.apply([person('nara', 'h2')]);
  moveTo({ householdId: 'h2' });
  expect(seen()).toEqual(['h2', 'place-h2', ['bayar', 'nara']]);
  moveTo({ placeId: 'place-h1' });
  expect(seen()).toEqual([undefined, 'place-h1', []]);
});
