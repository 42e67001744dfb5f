import { afterEach, expect, test } from 'vitest';
import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { Api } from '../server.ts';
import { eastern, staffedCounty } from './rights.test-support.ts';

let api: Api | undefined;
afterEach(() => api?.close());

/** As the data administrator of the east village asks. */
async function east(changes: RegistryChange[] = staffedCounty) {
  const opened = await openDesk(standInAlarm({ changes }));
  api = opened;
  return signedIn(opened, eastern('data-admin'));
}
let count = 0;
const body = async (response: Response) => (await response.json()) as { version: number; detail?: string };

test('the answer about a foreign thing is that about a missing one, in the whole of it', async () => {
  const { ask } = await east();
  const { version } = await body(await ask('GET', '/households/couple'));
  const said = async (path: string, words: object, id: string) => {
    const response = await ask('PUT', path, JSON.parse(JSON.stringify(words).replaceAll('?', id)) as object);
    return [response.status, (await response.text()).replaceAll(id, '*')];
  };
  const newPlace = { areaId: 'east', kind: 'house', name: 'New' };
  const household = { areaId: 'east', currentPlaceId: '?' };
  for (const [path, words, foreign] of [
    ['/households/couple', { ...household, expectedVersion: version }, 'room-1'],
    ['/households/couple', { ...household, areaId: 'nowhere-at-all', expectedVersion: version }, 'room-1'],
    // Also for whoever did not see it as it is.
    ['/households/couple', { ...household, expectedVersion: 7 }, 'room-1'],
    ['/places/new-1', { ...newPlace, siteId: '?', expectedVersion: 0 }, 'care'],
    ['/places/new-1', { ...newPlace, areaId: '?', expectedVersion: 0 }, 'west'],
    [
      '/contacts/new-1',
      { of: { type: 'person', id: '?' }, role: 'family', name: 'N', channels: [{ type: 'log' }], expectedVersion: 0 },
      'bed-1',
    ],
  ] as const) {
    const named = { ...words, commandId: `said-alike-${++count}` };
    const answer = await said(path, named, foreign);
    expect(answer, path).toEqual([400, expect.stringContaining('there is no')]);
    expect(answer, path).toEqual(await said(path, named, 'missing-1'));
  }
});

test('who may not see what refers to a thing hears how much it is, and not what', async () => {
  const device = put('device', { id: 'foreign-watch', kind: 'wearable', personId: 'bed-1' });
  const place = put('household', { id: 'far-home', areaId: 'west', currentPlaceId: 'house-2' });
  const { ask } = await east([...staffedCounty, device, place]);
  const { version } = await body(await ask('GET', '/places/house-2'));
  const refused = await body(
    await ask('DELETE', '/places/house-2', { commandId: 'retire-it', expectedVersion: version }),
  );
  expect(refused.detail).toContain('household "alone", device "button-2" and 1 more;');
  expect(JSON.stringify(refused)).not.toContain('far-home');
});
