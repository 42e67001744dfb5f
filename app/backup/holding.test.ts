import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeRecord } from '../../records/record-codec.ts';
import { allRules } from '../../rules/all-rules.ts';
import { County, openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { refuseUnfinished, restoredFile, restoredText, restoringFile } from './restored-mark.ts';

// Case 33: what a system does that was put back from a backup, or stood still for hours.

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * A fall of two hours ago, and a fire of a minute ago, of which the neighbour could not be told: then the backup is taken, and put back
 * after `afterMs`.
 */
async function putBack(afterMs: number, disk = new SimulatedDisk()) {
  const county = await openCounty({ startAt, seed: 7, registryText, disk });
  county.phones.set('bao', 'fails');
  county.does('bator-watch', 'fall');
  await county.clock.advance(30_000);
  county.does('bator-watch', 'die');
  await county.clock.advance(2 * hourMs);
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(minuteMs + 30_000);
  const takenAt = county.clock.now();
  const backup = disk.copy();
  const before = [...county.alarm.incidents.openIncidents()];
  county.kill();
  await backup.open(county).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt })));
  const restored = new County({ startAt: takenAt + afterMs, seed: 8, rules: allRules, disk: backup });
  await restored.start();
  await restored.clock.advance(20_000);
  return { restored, backup, before };
}

const incidentOf = (county: County, category: string) =>
  [...county.alarm.incidents.openIncidents()].find((incident) => incident.category === category);
const toldOf = (county: County, incidentId: string | undefined) =>
  county.delivered.filter(({ message }) => message.notice.incidentId === incidentId).map(({ to }) => to);

async function startsOf(county: County) {
  const records = (await county.journal()).map(({ body }) => decodeRecord(body));
  return records.filter((record) => record.kind === 'started');
}

test('a backup of half an hour ago: the fire of then is told at once, marked late, and the fall of hours ago waits for a person', async () => {
  const { restored } = await putBack(30 * minuteMs);
  const [fire, fall] = [incidentOf(restored, 'fire'), incidentOf(restored, 'fall')];
  expect(fire?.ladder.phase).toBe('running');
  expect(toldOf(restored, fire?.incidentId)).toContain('bao');
  const toBao = restored.delivered.find(({ to }) => to === 'bao');
  expect(toBao?.message.text.body).toContain('late');
  expect(fall?.ladder.phase).toBe('held');
  expect(toldOf(restored, fall?.incidentId)).toEqual([]);
  expect(incidentOf(restored, 'system')?.alerts[0]?.condition).toBe('emergency-left-open');
  await restored.clock.advance(5 * hourMs);
  expect(toldOf(restored, fall?.incidentId)).toEqual([]);
});

test('a backup of yesterday: nobody is sent out for it by itself, what is new is told as ever, and a second restart changes nothing', async () => {
  const { restored } = await putBack(24 * hourMs);
  const held = () => ['fire', 'fall'].map((category) => incidentOf(restored, category)?.ladder.phase);
  expect(held()).toEqual(['held', 'held']);
  restored.does('tuya-button', 'emergency');
  await restored.clock.advance(1_000);
  expect(toldOf(restored, incidentOf(restored, 'call')?.incidentId)).toContain('station');
  await restored.stop();
  await restored.start();
  await restored.clock.advance(minuteMs);
  expect(held()).toEqual(['held', 'held']);
  expect(incidentOf(restored, 'call')?.ladder.phase).toBe('running');
});

test('what a person lets go is told as a new first rung, and what they drop is not', async () => {
  const { restored } = await putBack(24 * hourMs);
  const by = { type: 'account', id: 'li' } as const;
  for (const [category, choice] of [
    ['fire', 'send'],
    ['fall', 'drop'],
  ] as const) {
    const { incidentId = '', version: expectedVersion = 0 } = incidentOf(restored, category) ?? {};
    const answer = restored.send({
      type: 'let-go',
      commandId: `let-go-${category}`,
      by,
      incidentId,
      expectedVersion,
      choice,
    });
    await restored.clock.advance(1_000);
    expect(await answer).toMatchObject({ ok: true });
  }
  const fire = incidentOf(restored, 'fire');
  expect(toldOf(restored, fire?.incidentId)).toEqual(expect.arrayContaining(['bao', 'station', 'desk']));
  const [toBao] = restored.delivered.filter(({ to }) => to === 'bao');
  expect(toBao?.message.text.body).toContain('late');
  await restored.clock.advance(3 * hourMs);
  expect(toldOf(restored, incidentOf(restored, 'fall')?.incidentId)).toEqual([]);
});

test('that the folder was put back is said once, in the journal', async () => {
  const { restored, backup } = await putBack(minuteMs);
  expect(await backup.open(restored).size(restoredFile)).toBeUndefined();
  await restored.stop();
  await restored.start();
  await restored.clock.advance(1_000);
  expect((await startsOf(restored)).map((start) => start.restored !== undefined)).toEqual([false, true, false]);
});

test('a mark of a restore that a power cut left in the folder once more is not heard twice', async () => {
  const { restored, backup } = await putBack(30 * minuteMs);
  const [fire, fall] = [incidentOf(restored, 'fire'), incidentOf(restored, 'fall')];
  const { takenAt } = (await startsOf(restored)).find((start) => start.restored)?.restored ?? { takenAt: 0 };
  await restored.stop();
  await backup.open(restored).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt })));
  await restored.start();
  await restored.clock.advance(1_000);
  expect((await startsOf(restored)).filter((start) => start.restored).length).toBe(2);
  expect([incidentOf(restored, 'fire')?.version, incidentOf(restored, 'fall')?.version]).toEqual([
    fire?.version,
    fall?.version,
  ]);
});

test('a mark that cannot be removed is said in the log, and ends nothing', async () => {
  const { restored, backup } = await putBack(30 * minuteMs);
  await restored.stop();
  const open = backup.open.bind(backup);
  await open(restored).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt: startAt })));
  backup.open = (life) => {
    const disk = open(life);
    const remove = (name: string) =>
      name === restoredFile ? Promise.reject(new Error('read-only')) : disk.remove(name);
    return { ...disk, remove };
  };
  await restored.start();
  await restored.clock.advance(minuteMs);
  expect(restored.complaints).toEqual([expect.stringContaining('the mark of the restore stays')]);
});

test('a clock that was eight hours ahead at the start, and is set right in the next minute, holds up no emergency', async () => {
  const county = await openCounty({ startAt, seed: 7, registryText });
  county.does('bator-watch', 'fall');
  await county.clock.advance(30_000);
  county.kill();
  county.clock.stepWall(8 * hourMs);
  await county.start();
  await county.clock.advance(10_000);
  expect(incidentOf(county, 'fall')?.ladder).toMatchObject({ phase: 'held', rung: 1 });
  county.clock.stepWall(-8 * hourMs);
  await county.clock.advance(20_000);
  county.does('tuya-button', 'service');
  await county.clock.advance(1_000);
  expect(incidentOf(county, 'fall')?.ladder).toMatchObject({ phase: 'running', rung: 2 });
});

test('a detector that sounded for hours when the backup was taken, and still does, is told with its next word', async () => {
  const disk = new SimulatedDisk();
  const county = await openCounty({ startAt, seed: 7, registryText, disk });
  for (let passedMs = 0; passedMs <= 2 * hourMs; passedMs += 5 * minuteMs) {
    county.does('sarna-kitchen', 'alarm');
    await county.clock.advance(5 * minuteMs);
  }
  expect(incidentOf(county, 'fire')?.alerts.length).toBe(1);
  const takenAt = county.clock.now();
  const backup = disk.copy();
  county.kill();
  await backup.open(county).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt })));
  const restored = new County({ startAt: takenAt + minuteMs, seed: 8, rules: allRules, disk: backup });
  await restored.start();
  await restored.clock.advance(1_000);
  expect(incidentOf(restored, 'fire')?.ladder.phase).toBe('held');
  restored.does('sarna-kitchen', 'alarm');
  await restored.clock.advance(2_000);
  expect(incidentOf(restored, 'fire')?.ladder.phase).toBe('running');
  expect(toldOf(restored, incidentOf(restored, 'fire')?.incidentId)).toContain('bao');
});

test('a command to a device that was asked before the backup is not sent after it', async () => {
  const disk = new SimulatedDisk();
  const county = await openCounty({ startAt, seed: 7, registryText, disk });
  const by = { type: 'account', id: 'li' } as const;
  const asked = {
    type: 'device-command',
    commandId: 'reboot-1',
    by,
    deviceId: 'sarna-watch',
    reason: 'it hangs',
  } as const;
  const answer = county.send({ ...asked, ask: { name: 'locate' } });
  await county.clock.advance(1_000);
  expect(await answer).toMatchObject({ ok: true });
  const backup = disk.copy();
  county.kill();
  await backup.open(county).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt: startAt })));
  const restored = new County({ startAt: startAt + 10 * minuteMs, seed: 8, rules: allRules, disk: backup });
  await restored.start();
  restored.does('sarna-watch', 'vitals');
  await restored.clock.advance(10_000);
  expect(restored.commanded).toEqual([]);
});

test('half of a backup starts nothing', async () => {
  const disk = new SimulatedDisk();
  const county = new County({ startAt, seed: 7, rules: allRules, disk });
  await disk.open(county).writeWhole(restoringFile, Buffer.from('\n'));
  await expect(refuseUnfinished(disk.open(county))).rejects.toMatchObject({ code: 'RESTORE_UNFINISHED' });
});
