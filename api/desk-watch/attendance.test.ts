import { expect, test } from 'vitest';
import type { Access, Role } from '../../records/rights.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { createAttendance } from './attendance.ts';

const who = (role: Role, areaId?: string): Access => ({
  actor: { type: 'account', id: 'li' },
  grants: [{ role, ...(areaId !== undefined && { areaId }) }],
});
const awake = { sound: true, idleSeconds: 5 };

async function morning() {
  const clock = new VirtualClock({ startAt: 0 });
  const attendance = createAttendance({ clock });
  await clock.advance(30_000);
  return { clock, attendance };
}

test('whoever dispatches watches their area, while the page speaks, the sound is on and a hand is near', async () => {
  const { clock, attendance } = await morning();
  expect(attendance.now()).toEqual({ watched: [], why: 'no-page' });
  expect(attendance.heard('s1', who('dispatcher', 'county'), awake)).toBeUndefined();
  expect(attendance.now()?.watched).toEqual(['county']);
  await clock.advance(59_000);
  expect(attendance.now()?.watched).toEqual(['county']);
  await clock.advance(1_000);
  expect(attendance.now()).toEqual({ watched: [], why: 'no-page' });
});

test('a page without sound, or that nobody touched for an hour, is no watch and says why', async () => {
  const { attendance } = await morning();
  expect(attendance.heard('s1', who('call-taker'), { sound: false, idleSeconds: 0 })).toBe('no-sound');
  expect(attendance.now()).toEqual({ watched: [], why: 'no-sound' });
  expect(attendance.heard('s1', who('call-taker'), { sound: true, idleSeconds: 3_600 })).toBe('no-action');
  expect(attendance.now()).toEqual({ watched: [], why: 'no-action' });
  expect(attendance.heard('s2', who('call-taker'), awake)).toBeUndefined();
  expect(attendance.now()?.watched).toEqual(['']);
});

test('a village helper who looks at the page is no desk', async () => {
  const { attendance } = await morning();
  expect(attendance.heard('s1', who('village-helper', 'east'), awake)).toBe('no-page');
  expect(attendance.now()).toEqual({ watched: [], why: 'no-page' });
});

test('a desk that was just started says nothing until the pages that were open came back', async () => {
  const clock = new VirtualClock({ startAt: 0 });
  const attendance = createAttendance({ clock });
  expect(attendance.now()).toBeUndefined();
  attendance.heard('s1', who('dispatcher'), awake);
  await clock.advance(29_999);
  expect(attendance.now()).toBeUndefined();
  await clock.advance(1);
  expect(attendance.now()?.watched).toEqual(['']);
});

test('a page that is loaded anew is silent until it is touched: the desk is empty when that takes a minute', async () => {
  const { clock, attendance } = await morning();
  attendance.heard('s1', who('dispatcher', 'county'), awake);
  expect(attendance.heard('s1', who('dispatcher', 'county'), { sound: false, idleSeconds: 0 })).toBe('no-sound');
  await clock.advance(59_999);
  attendance.heard('s1', who('dispatcher', 'county'), { sound: false, idleSeconds: 0 });
  expect(attendance.now()?.watched).toEqual(['county']);
  await clock.advance(1);
  expect(attendance.now()).toEqual({ watched: [], why: 'no-sound' });
});

test('whatever a page asks for says that somebody is there, and a page that never spoke is none', async () => {
  const { clock, attendance } = await morning();
  attendance.heard('s1', who('dispatcher', 'county'), awake);
  await clock.advance(50_000);
  attendance.signOf('s1');
  attendance.signOf('s2');
  await clock.advance(50_000);
  expect(attendance.now()?.watched).toEqual(['county']);
  await clock.advance(10_000);
  expect(attendance.now()).toEqual({ watched: [], why: 'no-page' });
});
