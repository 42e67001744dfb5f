import { expect, test } from 'vitest';
import type { Command } from '../records/command.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { put, remove } from '../records/registry.test-support.ts';
import type { RegistryChange } from '../records/registry.ts';
import { createProjectionFold } from './projection-fold.ts';
import { noRows, type ProjectedRows } from './projection-rows.ts';

const at = Date.UTC(2026, 10, 2);
const by = { type: 'account', id: 'li' } as const;

test('a visit that was refused is not counted when it is sent again, corrected, under the same name', () => {
  const fold = createProjectionFold();
  const rows = noRows();
  let sequence = 0;
  const command = (asked: Command) => {
    sequence += 1;
    fold.step({ sequence, receivedAt: at, body: encodeRecord({ kind: 'command', command: asked }) }, rows);
  };
  const county = put('area', { id: 'county', level: 'county', name: 'Wulan' });
  const house = put('place', { id: 'house', areaId: 'county', kind: 'house', name: 'house' });
  const home = put('household', { id: 'home', areaId: 'county', currentPlaceId: 'house' });
  for (const [index, change] of [county, house, home].entries())
    command({ type: 'registry-change', commandId: `change-${index}`, by, change });
  const visit = { type: 'visit', by, visitedAt: at, why: 'round', result: 'well' } as const;
  command({ ...visit, commandId: 'first', householdId: 'nobody' });
  command({ ...visit, commandId: 'first', householdId: 'home' });
  command({ ...visit, commandId: 'second', householdId: 'home' });
  expect(rows.visits.map(({ visit: { commandId }, areaId }) => [commandId, areaId])).toEqual([['second', 'county']]);
});

test('a copy that is filled again from a journal which tells no more who was erased loses their reports again', () => {
  const { fold, change, rows, erased } = home();
  change(remove('person', 'urna'), stock);
  expect(erased(rows())).toEqual([{ devices: ['watch'], receivedUntil: at }]);
  const before = rows().entities.length;
  fold.forget({ registryIsAt: 2 });
  const again = noRows();
  fold.step({ sequence: 2, receivedAt: at + 9, body: encodeRecord({ kind: 'tick' }) }, again);
  expect(again.entities.at(0)?.change.entity).toBe('every');
  expect(erased(again)).toEqual([{ devices: ['watch'], receivedUntil: at }]);
  expect(rows().entities.length).toBe(before);
});

test('with the last of a home goes what its sensors and buttons said, and its smoke detector stays', () => {
  const { change, rows, erased } = home();
  change(remove('person', 'urna'), remove('household', 'home'), stock);
  expect(erased(rows())).toEqual([{ devices: ['watch', 'door', 'button'], receivedUntil: at }]);
});

test('where somebody goes on living, the sensors of the home keep what they said', () => {
  const { change, rows, erased } = home();
  change(put('person', { id: 'bat', householdId: 'home', name: 'Bat' }));
  change(remove('person', 'urna'), stock);
  expect(erased(rows())).toEqual([{ devices: ['watch'], receivedUntil: at }]);
});

const watch = { id: 'watch', kind: 'wearable', intervalMinutes: 60, claim: { salt: 's', hmac: 'h' } };
const stock = put('device', watch);

/** One who lives alone, with a watch, and a sensor, a button and a smoke detector in the house. */
function home() {
  const fold = createProjectionFold();
  const rows = noRows();
  let sequence = 0;
  const send = (asked: Command) => {
    sequence += 1;
    fold.step({ sequence, receivedAt: at, body: encodeRecord({ kind: 'command', command: asked }) }, rows);
  };
  const change = (...changes: RegistryChange[]) => {
    const importId = `import-${sequence}`;
    send({ type: 'registry-part', commandId: `${importId}-0`, by, importId, part: 0, changes });
    send({ type: 'registry-commit', commandId: importId, by, importId, parts: 1 });
  };
  const device = (id: string, kind: string) => put('device', { id, kind, placeId: 'house', intervalMinutes: 60 });
  change(
    put('area', { id: 'county', level: 'county', name: 'Wulan' }),
    put('place', { id: 'house', areaId: 'county', kind: 'house', name: 'house' }),
    put('household', { id: 'home', areaId: 'county', currentPlaceId: 'house' }),
    put('person', { id: 'urna', householdId: 'home', name: 'Urna' }),
    put('device', { ...watch, personId: 'urna', claim: undefined }),
    ...[device('door', 'presence-sensor'), device('button', 'call-button'), device('smoke', 'smoke-detector')],
  );
  const erased = ({ entities }: Pick<ProjectedRows, 'entities'>) =>
    entities.flatMap(({ change: { erase } }) => (erase ? [erase] : []));
  return { fold, change, rows: () => rows, erased };
}
