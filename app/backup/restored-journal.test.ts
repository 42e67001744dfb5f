import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Disk } from '../../platform/disk.ts';
import { allRules } from '../../rules/all-rules.ts';
import { County, openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');

test("yesterday's journal under today's state is refused each time, and nobody is told anything", async () => {
  const disk = new SimulatedDisk();
  const county = await openCounty({ startAt, seed: 7, registryText, disk });
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(20_000);
  const yesterday = disk.copy();
  county.does('sarna-kitchen', 'hush');
  await county.clock.advance(6_000);
  county.kill();

  const mixed = disk.copy({ without: (name) => !name.startsWith('checkpoints/') });
  const [old, files] = [yesterday, mixed].map((one) => one.open(county)) as [Disk, Disk];
  for (const { name, bytes } of await old.list('journal')) {
    await files.writeWhole(`journal/${name}`, await old.read(`journal/${name}`, 0, bytes));
  }
  const restored = new County({ startAt: startAt + 60_000, seed: 7, rules: allRules, disk: mixed });
  const before = await files.list('journal');
  for (let start = 0; start < 3; start++) {
    await expect(restored.start()).rejects.toMatchObject({ code: 'POSITION_UNKNOWN' });
  }
  expect(await files.list('journal')).toEqual(before);
  expect(restored.delivered).toEqual([]);
});

test("yesterday's journal with its state: a message that did not arrive then is not sent now, and one of an hour ago is", async () => {
  for (const [hours, isSent] of [
    [24, false],
    [1, true],
  ] as const) {
    const disk = new SimulatedDisk();
    const county = await openCounty({ startAt, seed: 7, registryText, disk });
    county.phones.set('bao', 'fails');
    county.does('sarna-kitchen', 'alarm');
    await county.clock.advance(20_000);
    const [toBao] = county.delivered.filter(({ to }) => to === 'bao');
    const backup = disk.copy();
    county.kill();

    const restored = new County({ startAt: startAt + hours * 3_600_000, seed: 7, rules: allRules, disk: backup });
    await restored.start();
    await restored.clock.advance(60_000);
    const notices = restored.delivered.map(({ message }) => message.notice);
    expect(notices.some(({ noticeId }) => noticeId === toBao?.message.notice.noticeId)).toBe(isSent);
    const [fire, ...others] = restored.alarm.incidents.openIncidents();
    expect(fire).toMatchObject({ category: 'fire', state: { phase: 'open' } });
    // Of yesterday's fire nobody is told again; the desk and the county are asked about it.
    expect(others.map(({ alerts }) => alerts[0]?.condition)).toEqual(isSent ? [] : ['emergency-left-open']);
    const told = new Set(notices.map(({ incidentId }) => incidentId));
    expect([...told]).toEqual(isSent ? [fire?.incidentId] : others.map(({ incidentId }) => incidentId));
  }
});
