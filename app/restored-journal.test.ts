import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allRules } from '../rules/all-rules.ts';
import { MemoryDisk } from '../simulators/memory-disk.ts';
import { County, openCounty } from '../simulators/virtual-county.ts';

const registryText = readFileSync(new URL('../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');

test("yesterday's journal under today's state is refused each time, and nobody is told anything", async () => {
  const disk = new MemoryDisk();
  const county = await openCounty({ startAt, seed: 7, registryText, disk });
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(20_000);
  const yesterday = disk.copy();
  county.does('sarna-kitchen', 'hush');
  await county.clock.advance(6_000);
  county.kill();

  const mixed = disk.copy({ without: (name) => !name.startsWith('checkpoints/') });
  for (const { name, bytes } of await yesterday.list('journal')) {
    await mixed.writeWhole(`journal/${name}`, await yesterday.read(`journal/${name}`, 0, bytes));
  }
  const restored = new County({ startAt: startAt + 60_000, seed: 7, rules: allRules, disk: mixed });
  const before = await mixed.list('journal');
  for (let start = 0; start < 3; start++) {
    await expect(restored.start()).rejects.toMatchObject({ code: 'POSITION_UNKNOWN' });
  }
  expect(await mixed.list('journal')).toEqual(before);
  expect(restored.delivered).toEqual([]);
});
