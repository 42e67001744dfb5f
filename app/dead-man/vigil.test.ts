import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { keepVigil, type Word } from './vigil.ts';

const minuteMs = 60_000;

function vigil({ isBroken = false } = {}) {
  const clock = new VirtualClock({ startAt: 1_800_000_000_000 });
  const told: string[] = [];
  const tell = async ({ type, minutes }: Word) => {
    told.push(`${clock.monotonic() / minuteMs} ${type} ${minutes}`);
    if (isBroken) throw new Error('the modem is gone');
  };
  const watch = keepVigil({ minutes: 5, tell, clock, log: silentLog });
  return { clock, told, watch };
}

test('as long as it is heard nobody is called', async () => {
  const { clock, told, watch } = vigil();
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(minuteMs);
    watch.heard();
  }
  expect(told).toEqual([]);
});

test('five silent minutes call people, again every ten minutes and later each hour, until it is heard: then they hear that, too', async () => {
  const { clock, told, watch } = vigil();
  await clock.advance(5 * minuteMs - 1);
  expect(told).toEqual([]);
  await clock.advance(3 * 60 * minuteMs + 1);
  expect(told).toEqual([
    ...['5 silent 5', '15 silent 15', '25 silent 25', '35 silent 35', '45 silent 45', '55 silent 55', '65 silent 65'],
    ...['125 silent 125', '185 silent 185'],
  ]);
  watch.heard();
  expect(told.at(-1)).toBe('185 back 185');
  await clock.advance(5 * minuteMs);
  expect(told.at(-1)).toBe('190 silent 5');
});

test('who has answered is told no more of this silence than its end, and of the next one anew', async () => {
  const { clock, told, watch } = vigil();
  await clock.advance(6 * minuteMs);
  watch.answered();
  await clock.advance(5 * 60 * minuteMs);
  watch.heard();
  expect(told).toEqual(['5 silent 5', '306 back 306']);
  watch.answered();
  await clock.advance(5 * minuteMs);
  expect(told.at(-1)).toBe('311 silent 5');
});

test('a modem that fails ends no vigil', async () => {
  const { clock, told, watch } = vigil({ isBroken: true });
  await clock.advance(20 * minuteMs);
  expect(told).toHaveLength(2);
  watch.stop();
  await clock.advance(60 * minuteMs);
  expect(told).toHaveLength(2);
});
