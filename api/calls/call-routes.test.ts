import { afterEach, expect, test } from 'vitest';
import { put } from '../../records/registry.test-support.ts';
import type { IncidentCard, IncidentDetail } from '../answers.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import type { ReadOut } from '../incidents/read-out-route.ts';
import { eastern, ofCounty, staff, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';
import type { CallersFound } from './call-routes.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const keyOf = (digits: string) => digits.padEnd(22, 'x');
const channels = [{ type: 'log' }];
const telephones = [
  put('person', {
    id: 'widow',
    householdId: 'alone',
    name: 'Narantuya',
    rescueNeeds: ['deaf'],
    phone: '0479 511',
    phoneKey: keyOf('0479511'),
  }),
  put('contact', {
    ...{ id: 'altan', of: { type: 'person', id: 'widow' }, role: 'family', name: 'Altan', channels },
    ...{ phone: '139 0000 0017', phoneKey: keyOf('13900000017') },
  }),
  put('contact', {
    ...{ id: 'warden', of: { type: 'place', id: 'room-1' }, role: 'neighbour', name: 'Warden', channels },
    ...{ phone: '137 0000 0000', phoneKey: keyOf('13700000000') },
  }),
  put('place', {
    ...{ id: 'house-2', areaId: 'east', kind: 'house', name: 'house at the end', address: 'East Well 7' },
    ...{ directions: 'road 303, north at the mill, 12 km', heating: 'stove', water: 'well', hazards: ['dog'] },
    position: { lat: 44, lon: 116, datum: 'WGS-84' },
  }),
  staff('taker-west', { role: 'call-taker', areaId: 'west' }),
];

async function desk(account: string) {
  const alarm = standInAlarm({ changes: [...staffedCounty, ...telephones] });
  api = await openDesk(alarm);
  return { alarm, api, caller: await signedIn(api, account) };
}

const call = { commandId: 'call-command-1', callId: 'line-1/17', kind: 'rescue', caller: 'family' };

test('a daughter’s number leads to her mother’s home, and the look is on record', async () => {
  const { caller, alarm } = await desk(eastern('call-taker'));
  const response = await caller.post('/calls/look-up', { number: '+86 139-0000-0017' });
  expect(response.status).toBe(200);
  const { homes } = (await response.json()) as CallersFound;
  expect(homes).toMatchObject([
    {
      householdId: 'alone',
      place: 'house at the end',
      area: 'East Well',
      who: { id: 'altan', role: 'family', name: 'Altan' },
    },
  ]);
  expect(alarm.commands).toMatchObject([{ type: 'look', of: { type: 'household', id: 'alone' } }]);
  const nobody = await (await caller.post('/calls/look-up', { number: '110' })).json();
  expect(nobody).toEqual({ homes: [] });
});

test('homes of another village are not there, whoever’s number it is', async () => {
  const { caller } = await desk('taker-west');
  const found = await (await caller.post('/calls/look-up', { number: '13900000017' })).json();
  expect(found).toEqual({ homes: [] });
  const taken = await caller.post('/calls', { ...call, householdId: 'alone' });
  expect(taken.status).toBe(404);
});

test('a call from a known number becomes work of that home; told twice, it is one', async () => {
  const { caller, alarm } = await desk(eastern('call-taker'));
  const response = await caller.post('/calls', { ...call, number: '139 0000 0017', words: 'she does not answer' });
  expect(response.status).toBe(201);
  const card = (await response.json()) as IncidentCard;
  expect(card).toMatchObject({ severity: 'critical', call: { kind: 'rescue', topic: 'request', caller: 'family' } });
  expect(card.where).toMatchObject({ place: 'house at the end' });
  const asked = alarm.commands.find(({ type }) => type === 'open-call');
  expect(asked).toMatchObject({ householdId: 'alone', phoneKey: keyOf('13900000017') });
  const again = (await (await caller.post('/calls', { ...call, number: '139 0000 0017' })).json()) as IncidentCard;
  expect(again.incidentId).toBe(card.incidentId);
  const detail = await caller.get(`/incidents/${encodeURIComponent(card.incidentId)}`);
  const { timeline } = (await detail.json()) as IncidentDetail;
  const said = timeline.find(({ what }) => what === 'call-logged')?.details;
  expect(said).toMatchObject({ number: '139 0000 0017', words: 'she does not answer' });
});

test('a number that several homes share says nothing of where to send help: a place is asked for', async () => {
  const { caller } = await desk(ofCounty('call-taker'));
  const shared = await (await caller.post('/calls/look-up', { number: '13700000000' })).json();
  expect((shared as CallersFound).homes.map(({ householdId }) => householdId)).toEqual(['resident-1', 'resident-2']);
  const response = await caller.post('/calls', { ...call, number: '13700000000', caller: 'neighbour' });
  const card = (await response.json()) as IncidentCard;
  expect(card.where.place).toBeUndefined();
});

test('who works for one village says where it is, or at least in which area', async () => {
  const { caller } = await desk(eastern('call-taker'));
  expect((await caller.post('/calls', call)).status).toBe(404);
  expect((await caller.post('/calls', { ...call, areaId: 'west' })).status).toBe(404);
  expect((await caller.post('/calls', { ...call, commandId: 'call-command-2', areaId: 'east' })).status).toBe(201);
});

test('a call that is nobody’s work is kept, and one about an incident stands in its timeline', async () => {
  const { caller, alarm } = await desk(eastern('call-taker'));
  const incident = alarm.raise('fall', 'watch-2');
  const kept = { commandId: 'call-command-3', what: 'called-back', about: incident.incidentId, words: 'they come' };
  expect((await caller.post('/calls/log', kept)).status).toBe(201);
  const detail = await caller.get(`/incidents/${encodeURIComponent(incident.incidentId)}`);
  expect(((await detail.json()) as IncidentDetail).timeline.at(-1)).toMatchObject({
    what: 'call-logged',
    details: { what: 'called-back', words: 'they come' },
  });
  const elsewhere = { ...kept, commandId: 'call-command-4', about: 'i:nothing' };
  expect((await caller.post('/calls/log', elsewhere)).status).toBe(404);
  expect((await caller.post('/calls/log', { commandId: 'call-command-5', what: 'wrong-number' })).status).toBe(201);
});

test('the card for 119 and 120 says the way, both kinds of coordinates, who cannot hear, stove and water, and whom to call', async () => {
  const { caller, alarm } = await desk(eastern('call-taker'));
  const taken = await caller.post('/calls', { ...call, number: '139 0000 0017' });
  const { incidentId } = (await taken.json()) as IncidentCard;
  const response = await caller.get(`/incidents/${encodeURIComponent(incidentId)}/card`);
  expect(response.status).toBe(200);
  const card = (await response.json()) as ReadOut;
  expect(card).toMatchObject({
    ...{ about: { en: 'Emergency call' }, areas: ['East Well', 'Baiyin', 'Wulan'], place: 'house at the end' },
    ...{ directions: 'road 303, north at the mill, 12 km', heating: 'stove', water: 'well', hazards: ['dog'] },
    people: [{ name: 'Narantuya', needs: ['deaf'], isAway: false }],
  });
  expect(card.position?.['WGS-84']).toEqual({ lat: 44, lon: 116 });
  // The shifted grid lies half a kilometre away there.
  expect(card.position?.['GCJ-02']).toEqual({ lat: 44.00201, lon: 116.00669 });
  expect(card.callback.map(({ who, phone }) => [who, phone])).toEqual([
    ['desk', '138 0000 0000'],
    ['caller', '139 0000 0017'],
    ['person', '0479 511'],
  ]);
  expect(alarm.commands.filter(({ type }) => type === 'look').length).toBeGreaterThan(0);
});

test('a program of a telephone system opens incidents in its own areas, and sees no card', async () => {
  const { caller } = await desk(eastern('quality-monitor'));
  expect((await caller.post('/calls', { ...call, householdId: 'alone' })).status).toBe(403);
});

test('a call of which nobody has said what it is may be for help; a silent one is called back', async () => {
  const { caller } = await desk(eastern('call-taker'));
  const take = async (words: object) =>
    (await (await caller.post('/calls', { areaId: 'east', ...words })).json()) as IncidentCard;
  expect(await take({ commandId: 'call-command-7' })).toMatchObject({ severity: 'critical' });
  expect(await take({ commandId: 'call-command-8', topic: 'silent' })).toMatchObject({
    severity: 'urgent',
    call: { kind: 'care', topic: 'silent' },
  });
});
