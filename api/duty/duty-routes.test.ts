import { afterEach, expect, test } from 'vitest';
import type { Command } from '../../records/command.ts';
import { put } from '../../records/registry.test-support.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { staff, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const person = (id: string, areaId: string) =>
  put('contact', {
    ...{ id, of: { type: 'area', id: areaId }, role: 'station', name: id, phone: '138 0000 0000' },
    channels: [{ type: 'log' }],
  });

test('a shift is offered to whoever the roster or one’s own village names, and nobody of another village becomes known', async () => {
  const roster = {
    ...{ id: 'watch', name: 'watch', of: { type: 'area', id: 'west' }, acceptWithinMinutes: 15 },
    shifts: [
      { contactId: 'day', from: '08:00', to: '20:00' },
      { contactId: 'of-town', from: '20:00', to: '08:00' },
    ],
  };
  const people = [person('day', 'west'), person('other', 'west'), person('foreign', 'east'), person('of-town', 'east')];
  const alarm = standInAlarm({
    changes: [
      ...staffedCounty,
      ...people,
      put('roster', roster),
      staff('taker-west', { role: 'call-taker', areaId: 'west' }),
    ],
  });
  const offered: string[] = [];
  const apply = async (command: Command) => {
    if (command.type === 'hand-over' && command.step.type === 'offer') offered.push(command.step.to);
    return { ok: true } as const;
  };
  api = await openDesk(alarm, { commands: { apply }, duty: { now: async () => [], unproved: async () => [] } });
  const caller = await signedIn(api, 'taker-west');
  const offer = async (to: string) => {
    const asked = { commandId: `offer-to-${to}`, step: { type: 'offer', from: 'day', to } };
    return (await caller.post('/rosters/watch/hand-over', asked)).status;
  };
  expect([await offer('other'), await offer('of-town')]).toEqual([200, 200]);
  expect([await offer('foreign'), await offer('nobody')]).toEqual([404, 404]);
  expect(offered).toEqual(['other', 'of-town']);
});
