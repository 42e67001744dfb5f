import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readHome } from './recordings-inactivity.ts';
import { score } from './score-inactivity.ts';

const folder = mkdtempSync(join(tmpdir(), 'score-inactivity-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  const text = `${lines.join('\n')}\n`;
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}
const two = (number: number) => String(number).padStart(2, '0');

/** Somebody who is up from 7 to 22 and moves every half hour. */
const days = (line: (day: string, hour: number, minute: number) => string, count = 21): string[] =>
  Array.from({ length: count }, (_, day) => day).flatMap((day) =>
    Array.from({ length: 30 }, (_, half) =>
      line(`2024-0${1 + Math.floor(day / 28)}-${two(1 + (day % 28))}`, 7 + Math.floor(half / 2), 30 * (half % 2)),
    ),
  );

test('text of CASAS and of van Kasteren, and counts by the hour, plain or packed, are read', async () => {
  const casas = file('casas.txt', [
    '2024-01-01 08:00:00.12345 Kitchen Kitchen ON Cook',
    '2024-01-01 08:00:01.1 Kitchen Kitchen OFF Cook',
    '2024-01-01 08:02:00.1 Kitchen T102 21.5 Cook',
    '2024-01-01 09:00:00 OutsideDoor FrontDoor OPEN Leave_Home',
    '2024-01-01 12:00:00 OutsideDoor FrontDoor OPEN Enter_Home',
    'nothing of the kind',
  ]);
  const at = (hour: number) => Date.UTC(2024, 0, 1, hour);
  expect(await readHome(casas)).toEqual({
    name: 'casas',
    isHourly: false,
    signs: [
      { at: at(8) + 123, kind: 'motion', sensor: 'Kitchen Kitchen', activity: 'Cook' },
      { at: at(9), kind: 'door', sensor: 'OutsideDoor FrontDoor', activity: 'Leave_Home' },
      { at: at(12), kind: 'door', sensor: 'OutsideDoor FrontDoor', activity: 'Enter_Home' },
    ],
    spans: [{ what: 'away', from: at(9), to: at(12) }],
  });
  const kasteren = await readHome(
    file('b.txt.gz', ['2024-01-01 08:00:00 Frontdoor Frontdoor ON None', '2024-01-01 08:05:00 Couch Couch None']),
  );
  expect(kasteren.signs.map(({ kind }) => kind)).toEqual(['door', 'motion']);
  const hourly = await readHome(
    file('h_hourly.csv', [
      'window_start,Kitchen,OutsideDoor,total_events,dow',
      '2024-01-01 08:00:00,3.0,0.0,3.0,1',
      '2024-01-01 09:00:00,0.0,0.0,0.0,1',
    ]),
  );
  expect(hourly).toMatchObject({
    name: 'h',
    isHourly: true,
    signs: [{ at: at(9) - 1, kind: 'motion', sensor: 'Kitchen' }],
  });
  await expect(readHome(file('empty.txt', ['what is this']))).rejects.toThrow('no sensor event');
});

test('days on which sensors trip by themselves alone are an absence', async () => {
  const lines = [
    '2024-01-01 08:00:00',
    '2024-01-01 08:10:00',
    '2024-01-01 08:20:00',
    '2024-01-02 03:00:00',
    '2024-01-02 20:00:00',
  ];
  const { spans } = await readHome(
    file(
      'empty-house.txt',
      [...lines, '2024-01-03 09:00:00', '2024-01-03 09:10:00', '2024-01-03 09:20:00'].map((at) => `${at} Hall Hall ON`),
    ),
  );
  expect(spans).toEqual([{ what: 'away', from: Date.UTC(2024, 0, 1, 8, 20), to: Date.UTC(2024, 0, 3, 9) }]);
});

test('a score is hours to detection and alerts a month, a file and over all, the same every time', async () => {
  const events = file(
    'events.txt',
    days((day, hour, minute) => `${day} ${two(hour)}:${two(minute)}:00 Kitchen Kitchen ON`),
  );
  const hourly = file('counts.csv', [
    'window_start,Kitchen,total_events',
    ...days((day, hour) => `${day} ${two(hour)}:00:00,5.0,5.0`),
  ]);
  const scored = async () => {
    const found = new Map<string, number>();
    for await (const { figure, value } of score([events, hourly], { cuts: 20 })) found.set(figure, value);
    return Object.fromEntries(found);
  };
  const figures = await scored();
  expect(figures['inactivity-events-alerts-a-month']).toBe(0);
  expect(figures['inactivity-events-hours-to-detection']).toBeGreaterThan(2);
  expect(figures['inactivity-events-hours-to-detection']).toBeLessThan(8);
  const both = [figures['inactivity-events-hours-to-detection'], figures['inactivity-counts-hours-to-detection']];
  expect(figures['inactivity-hours-to-detection']).toBeCloseTo((Number(both[0]) + Number(both[1])) / 2);
  expect(await scored()).toEqual(figures);
});
