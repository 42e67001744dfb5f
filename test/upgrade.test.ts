import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Incident } from '../records/incident.ts';
import { allRules } from '../rules/all-rules.ts';
import { County } from '../simulators/virtual-county.ts';
import { SimulatedDisk } from '../simulators/world/simulated-disk.ts';

// Case 32, from what the release before left behind: `fixtures/release-0.1.0` is the journal and the state of a county of scenarios/county.yaml
// that ran on commit 1dc9e2d for two minutes (simulators/virtual-county.ts) and was stopped: a fire that somebody has claimed, an emergency
// call whose ladder runs, a neighbour whose telephone fails, a fall that its watch only suspects yet, a command that waits for a device.

const folder = join(import.meta.dirname, 'fixtures/release-0.1.0');
const known = JSON.parse(readFileSync(join(folder, 'known.json'), 'utf8')) as { stoppedAt: number; open: Incident[] };
const minuteMs = 60_000;

/** The county goes on with this release, `afterMs` after it was stopped. */
async function upgraded({ afterMs = 10_000, withState = true } = {}): Promise<County> {
  const disk = new SimulatedDisk();
  const county = new County({ startAt: known.stoppedAt + afterMs, seed: 8, rules: allRules, disk });
  const files = disk.open(county);
  for (const part of ['journal', ...(withState ? ['checkpoints/alarm'] : [])]) {
    for (const name of readdirSync(join(folder, part)))
      await files.writeWhole(`${part}/${name}`, readFileSync(join(folder, part, name)));
  }
  county.phones.set('bao', 'fails');
  await county.start();
  await county.clock.advance(1_000);
  return county;
}

const open = (county: County) => [...county.alarm.incidents.openIncidents()];

test.each([true, false])(
  'what was open is open as it was (state read: %s), and nothing is told of it but that this release decides more',
  async (withState) => {
    const county = await upgraded({ withState });
    for (const before of known.open) {
      const { told: _, ...now } = open(county).find(({ incidentId }) => incidentId === before.incidentId) ?? {
        told: [],
      };
      const { told: __, ...then } = before;
      expect(now).toEqual(then);
    }
    // Who is watched for what is on record since the release after that one: judging its journal anew comes to more than it says.
    const isOfMore = (complaint: string) =>
      !withState && complaint.startsWith('this version would have decided otherwise');
    expect(county.complaints.filter((complaint) => !isOfMore(complaint))).toEqual([]);
  },
);

test('a ladder goes on at its own time, a suspicion becomes a fall at its own, and nobody is told twice', async () => {
  const county = await upgraded();
  const call = known.open.find(({ category }) => category === 'call');
  const before = new Set(known.open.flatMap(({ told }) => told.map(({ noticeId }) => noticeId)));
  await county.clock.advance(3 * minuteMs);
  const fall = open(county).find(({ category }) => category === 'fall');
  expect(fall?.openedAt).toBeLessThanOrEqual(known.stoppedAt + minuteMs);
  const told = county.delivered.filter(({ result }) => result === 'answers').map(({ message }) => message.notice);
  expect(told.filter(({ noticeId }) => before.has(noticeId))).toEqual([]);
  expect(told.some(({ incidentId }) => incidentId === fall?.incidentId)).toBe(true);
  const nextRung = told.find(({ incidentId }) => incidentId === call?.incidentId);
  const dueAt = call?.ladder.phase === 'running' ? call.ladder.nextAt : undefined;
  expect(nextRung).toMatchObject({ purpose: 'escalation', at: expect.closeTo(dueAt ?? 0, -3) });
  expect(county.complaints).toEqual([]);
});

test('after a day nobody is paged for what was open then', async () => {
  const county = await upgraded({ afterMs: 24 * 60 * minuteMs });
  await county.clock.advance(10 * minuteMs);
  const spoken = county.delivered.map(({ message }) => message.notice.incidentId);
  const ofThen = new Set(known.open.map(({ incidentId }) => incidentId));
  expect(spoken.filter((incidentId) => ofThen.has(incidentId))).toEqual([]);
  expect(open(county).find(({ category }) => category === 'call')?.ladder.phase).toBe('held');
  expect(open(county).find(({ category }) => category === 'fall')?.ladder.phase).toBe('held');
});

test('what the release before knew of the registry is known', async () => {
  const county = await upgraded({ withState: false });
  expect(county.alarm.registry.device('oyun-smoke')).toMatchObject({ room: 'by the window' });
  expect([...county.alarm.registry.devices()].length).toBe(14);
});
