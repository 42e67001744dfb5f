import { expect, onTestFinished, test } from 'vitest';
import { alarmAway } from '../../platform/errors.ts';
import { put } from '../../records/registry.test-support.ts';
import type { LifeSigns } from '../../rules/life/life-signs.ts';
import type { LastTrack } from '../../rules/wandering/last-track.ts';
import { deskRegistry, openDesk, signedIn, staffHash, standInAlarm } from '../desk.test-support.ts';
import type { TrackParts } from './track-route.ts';

const track: LastTrack = {
  personId: 'widow',
  fixes: [{ deviceId: 'watch-2', at: 1_795_000_000_000, lat: 43.94, lon: 116.04, source: 'gnss', homeMeters: 1800 }],
};
const staff = [
  put('account', { id: 'lead', name: 'L', hash: staffHash, grants: [{ role: 'dispatcher', areaId: 'county' }] }),
  put('account', { id: 'east', name: 'E', hash: staffHash, grants: [{ role: 'call-taker', areaId: 'east' }] }),
  put('account', { id: 'west', name: 'W', hash: staffHash, grants: [{ role: 'call-taker', areaId: 'west' }] }),
  put('account', {
    id: 'monitor',
    name: 'M',
    hash: staffHash,
    grants: [{ role: 'quality-monitor', areaId: 'county' }],
  }),
];

const signs: LifeSigns = { latest: [{ kind: 'door', at: 1_795_000_000_000, deviceId: 'door-2' }] };
const known = { of: async () => track, signs: async () => signs };

async function desk(tracks: TrackParts['tracks'] = known) {
  const alarm = standInAlarm({ changes: [...deskRegistry, ...staff] });
  const incident = alarm.raise('wandering', 'watch-2');
  const api = await openDesk(alarm, { tracks });
  onTestFinished(() => api.close());
  return { alarm, incident, api, path: `/incidents/${encodeURIComponent(incident.incidentId)}/track` };
}

test('who works on the incident sees where the person was last, and that they looked is on record', async () => {
  const { alarm, incident, api, path } = await desk();
  const response = await (await signedIn(api, 'east')).get(path);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual(track);
  await expect
    .poll(() => alarm.commands)
    .toMatchObject([
      { type: 'look', by: { id: 'east' }, of: { type: 'incident', id: incident.incidentId }, how: 'shown' },
    ]);
});

test('who works on the incident sees by what the home last showed that somebody lives there', async () => {
  const { alarm, incident, api, path } = await desk();
  const response = await (await signedIn(api, 'east')).get(path.replace(/track$/, 'signs-of-life'));
  expect(await response.json()).toEqual({ householdId: incident.where.householdId, signs: signs.latest });
  expect(alarm.commands).toMatchObject([{ type: 'look', of: { id: incident.incidentId }, how: 'shown' }]);
});

test('in another village there is no such incident, and who has no need of names sees no track', async () => {
  const { api, path } = await desk();
  expect((await (await signedIn(api, 'west')).get(path)).status).toBe(404);
  expect((await (await signedIn(api, 'monitor')).get(path)).status).toBe(403);
});

test('a day after it is over the way there is nobody’s business', async () => {
  const dayBefore = () => Date.now() - 25 * 3_600_000;
  const alarm = standInAlarm({ changes: [...deskRegistry, ...staff], now: dayBefore });
  const incident = alarm.raise('wandering', 'watch-2');
  const resolve = { outcome: 'helped', contact: 'reached' };
  const early = await openDesk(alarm, { tracks: known, now: dayBefore });
  onTestFinished(() => early.close());
  const lead = await signedIn(early, 'lead');
  expect((await lead.command(incident, 'resolve', resolve)).status).toBe(200);
  const path = `/incidents/${encodeURIComponent(incident.incidentId)}/track`;
  expect((await lead.get(path)).status).toBe(200);
  const api = await openDesk(alarm, { tracks: known, now: Date.now });
  onTestFinished(() => api.close());
  expect((await (await signedIn(api, 'lead')).get(path)).status).toBe(403);
});

test('while the alarm process is away nobody knows, and the answer says so', async () => {
  const { api, path } = await desk({ ...known, of: async () => Promise.reject(alarmAway({})) });
  expect((await (await signedIn(api, 'east')).get(path)).status).toBe(503);
});

test('nobody sees the way before it is on record that they looked', async () => {
  const { alarm, api, path } = await desk();
  const { promise, resolve } = Promise.withResolvers<void>();
  const apply = alarm.apply;
  alarm.apply = async (command) => {
    if (command.type === 'look') await promise;
    return apply(command);
  };
  const session = await signedIn(api, 'east');
  const looked = session.get(path).then((response) => ({ response, onRecord: alarm.commands.length }));
  setTimeout(resolve, 100);
  const { response, onRecord } = await looked;
  expect([response.status, onRecord]).toEqual([200, 1]);
});

test('where no life is at stake nobody is followed', async () => {
  const alarm = standInAlarm({ changes: [...deskRegistry, ...staff] });
  const incident = alarm.raise('vitals', 'watch-2');
  const api = await openDesk(alarm, { tracks: known });
  onTestFinished(() => api.close());
  const path = `/incidents/${encodeURIComponent(incident.incidentId)}/track`;
  expect((await (await signedIn(api, 'lead')).get(path)).status).toBe(403);
});

test('when it is over the way until then is shown, and not where they went afterwards', async () => {
  const later = {
    ...track,
    fixes: [...track.fixes, ...track.fixes.map((fix) => ({ ...fix, at: Date.now() + 60_000 }))],
  };
  const { incident, api, path } = await desk({ ...known, of: async () => later });
  const lead = await signedIn(api, 'lead');
  expect(((await (await lead.get(path)).json()) as LastTrack).fixes).toHaveLength(2);
  await lead.command(incident, 'resolve', { outcome: 'helped', contact: 'reached' });
  expect(((await (await lead.get(path)).json()) as LastTrack).fixes).toEqual(track.fixes);
});
