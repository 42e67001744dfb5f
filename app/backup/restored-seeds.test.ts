import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseNoticeId } from '../../incidents/notices.ts';
import type { Chance } from '../../platform/random.ts';
import type { Incident } from '../../records/incident.ts';
import { allRules } from '../../rules/all-rules.ts';
import { chanceOf, msBetween, oneOf } from '../../simulators/seeded-chance.ts';
import { County, openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { restoredFile, restoredText } from './restored-mark.ts';

// A county that is backed up in the middle of anything, lives on for a while, is lost, and is put back sooner or later: what must hold
// whatever happened. A seed that fails prints itself.

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const deeds: [string, string][] = [
  ['sarna-kitchen', 'alarm'],
  ['bator-kitchen', 'alarm'],
  ['oyun-smoke', 'alarm'],
  ['sarna-watch', 'fall'],
  ['bator-watch', 'fall'],
  ['tuya-button', 'emergency'],
  ['bator-button', 'care'],
  ['sarna-button', 'service'],
];

/** Things happen, and people do something about some of them. */
async function live(county: County, chance: Chance, forMs: number): Promise<void> {
  for (let leftMs = forMs; leftMs > 0; ) {
    const stepMs = Math.min(leftMs, msBetween(chance, 1_000, 40 * minuteMs));
    leftMs -= stepMs;
    const [device, deed] = oneOf(chance, deeds);
    county.does(device, deed);
    await county.clock.advance(stepMs);
    const open = [...county.alarm.incidents.openIncidents()];
    if (open.length === 0 || chance.fraction() < 0.5) continue;
    const one = oneOf(chance, open);
    const about = {
      incidentId: one.incidentId,
      expectedVersion: one.version,
      commandId: `${one.code}-${one.version}-${leftMs}`,
    };
    const by = { type: 'account', id: 'li' } as const;
    const asked =
      one.state.phase === 'open' && chance.fraction() < 0.6
        ? ({ type: 'claim', ...about, by } as const)
        : ({ type: 'resolve', outcome: 'helped', contact: 'reached', ...about, by } as const);
    county.send(asked).catch(() => {});
    await county.clock.advance(1_000);
  }
}

type Told = { text: string; at: number; cause: number; incidentId: string };
const toldBy = (county: County): Map<string, Told> =>
  new Map(
    county.delivered.map(({ message: { notice } }) => [
      notice.noticeId,
      {
        text: `${notice.purpose} rung ${notice.rung} of ${notice.text.condition}`,
        at: notice.at,
        cause: parseNoticeId(notice.noticeId)?.cause ?? 0,
        incidentId: notice.incidentId,
      },
    ]),
  );

async function lostAndPutBack(seed: number) {
  const chance = chanceOf(seed, 'restored');
  const disk = new SimulatedDisk();
  const county = await openCounty({ startAt, seed, registryText, disk });
  for (const contact of ['bao', 'wulan', 'station', 'township'])
    if (chance.fraction() < 0.3) county.phones.set(contact, 'fails');
  await live(county, chance, msBetween(chance, 10 * minuteMs, 6 * hourMs));
  const backup = disk.copy();
  const takenAt = county.clock.now();
  const open = [...county.alarm.incidents.openIncidents()];
  const { headSequence } = county.alarm.journal;
  await live(county, chance, msBetween(chance, minuteMs, 3 * hourMs));
  county.kill();

  await backup.open(county).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt })));
  const backAt = county.clock.now() + msBetween(chance, minuteMs, 26 * hourMs);
  const restored = new County({ startAt: backAt, seed: seed + 1_000, rules: allRules, disk: backup });
  await restored.start();
  await restored.clock.advance(5 * minuteMs);
  return { restored, lost: toldBy(county), open, headSequence, backAt };
}

/** A person sends everything that is held. */
async function letAllGo(county: County): Promise<void> {
  const by = { type: 'account', id: 'li' } as const;
  for (const { incidentId, code, version: expectedVersion, ladder } of [...county.alarm.incidents.openIncidents()]) {
    if (ladder.phase !== 'held') continue;
    const answer = county.send({
      type: 'let-go',
      choice: 'send',
      commandId: `let-go-${code}`,
      incidentId,
      expectedVersion,
      by,
    });
    await county.clock.advance(2_000);
    expect(await answer).toMatchObject({ ok: true });
  }
}

const isOld = ({ severity, lastAlertAt }: Incident, at: number) =>
  severity !== 'critical' || lastAlertAt <= at - 2 * hourMs;

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'seed %i: what was kept is there, what is old waits, what is young and what is new is told',
  async (seed) => {
    const { restored, lost, open, headSequence, backAt } = await lostAndPutBack(seed);
    const journal = await restored.journal();
    expect(journal.length).toBeGreaterThan(headSequence);
    const now = new Map([...restored.alarm.incidents.openIncidents()].map((one) => [one.incidentId, one]));
    const told = toldBy(restored);
    const heard = new Set([...told.values()].map(({ incidentId }) => incidentId));
    for (const before of open.filter(({ category }) => category !== 'system')) {
      const after = now.get(before.incidentId);
      expect(after?.state.phase, before.incidentId).toMatch(/open|claimed|responding|on-scene/);
      if (isOld(before, backAt))
        expect(heard.has(before.incidentId), `${before.incidentId} of before was told`).toBe(false);
      else if (before.state.phase === 'open' || before.state.phase === 'claimed')
        expect(after?.ladder.phase, before.incidentId).toBe('running');
    }
    await letAllGo(restored);
    expect([...restored.alarm.incidents.openIncidents()].filter(({ ladder }) => ladder.phase === 'held')).toEqual([]);
    // A message under a name of the lost time is the same message.
    // Only the rungs of a ladder that had begun before the backup may be told in both times.
    const versions = new Map(open.map(({ incidentId, version }) => [incidentId, version]));
    for (const [noticeId, { text, at, cause, incidentId }] of toldBy(restored)) {
      const inLostTime = lost.get(noticeId);
      expect(inLostTime?.text ?? text, noticeId).toBe(text);
      if (inLostTime && inLostTime.at !== at)
        expect(cause, noticeId).toBeLessThanOrEqual(versions.get(incidentId) ?? 0);
    }

    const newFire = restored.delivered.length;
    restored.does('dorj-smoke', 'alarm');
    await restored.clock.advance(2_000);
    const ofFire = restored.delivered.slice(newFire).filter(({ message }) => message.notice.text.condition === 'smoke');
    expect(ofFire.map(({ to }) => to)).toContain('night-carer');
    expect(ofFire.some(({ message }) => lost.has(message.notice.noticeId))).toBe(false);
    expect(restored.complaints).toEqual([]);
  },
);
