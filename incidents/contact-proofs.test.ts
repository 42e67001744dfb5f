import { expect, test } from 'vitest';
import { localTimeIn } from '../platform/local-time.ts';
import { put } from '../records/registry.test-support.ts';
import { createContactProofs } from './contact-proofs.ts';
import { everybody, phoneKeyOf, village } from './village.test-support.ts';

const DAY_MS = 86_400_000;
/** A Friday afternoon in the county; the first round is on the Monday after two weeks. */
const BEGIN_AT = 1_800_000_000_000;
const ROUND_AT = Date.parse('2027-02-01T09:00+08:00');

function homes() {
  const { registry, state } = village();
  const proofs = createContactProofs({ state, registry, localTime: localTimeIn('Asia/Shanghai') });
  proofs.begin(BEGIN_AT);
  const unproved = new Map<string, string>();
  const took = (changes: ReturnType<typeof proofs.fire>['alerts']) => {
    for (const change of changes) {
      if (change.type === 'raise') unproved.set(change.alert.alertId, change.alert.where.householdId ?? '');
      else if (change.type === 'clear') unproved.delete(change.alertId);
    }
  };
  return {
    registry,
    proofs,
    prove(contactId: string, at: number) {
      const { result, alerts } = proofs.step(
        { type: 'contact-proof', commandId: 'c', by: { type: 'account', id: 'li' }, contactId, how: 'call' },
        at,
      );
      took(alerts);
      return result;
    },
    round(until: number): string[] {
      for (let due = proofs.nextDeadline() ?? until; due <= until; due = proofs.nextDeadline() ?? until + 1)
        took(proofs.fire(due).alerts);
      return [...unproved.values()].sort();
    },
    unproved: () => [...unproved.values()].sort(),
    took,
  };
}

test('a home with fewer than two contacts who are known to answer is work, on Monday morning', () => {
  const desk = homes();
  for (const id of ['near', 'daughter', 'station', 'night']) expect(desk.prove(id, BEGIN_AT)).toEqual({ ok: true });
  expect(desk.round(ROUND_AT - 1)).toEqual([]);
  // The couple has the station alone, and both in the care home the night carer.
  expect(desk.round(ROUND_AT)).toEqual(['couple', 'oyun', 'tuya']);
  expect(desk.round(ROUND_AT + 7 * DAY_MS)).toEqual(['couple', 'oyun', 'tuya']);
});

test('who answers is proved at once for their own home, and on the next round for a village', () => {
  const desk = homes();
  expect(desk.round(ROUND_AT)).toContain('herder');
  desk.prove('near', ROUND_AT + 1);
  expect(desk.unproved()).toContain('herder');
  desk.prove('next', ROUND_AT + 2);
  expect(desk.unproved()).not.toContain('herder');
});

test('a proof counts for ninety days, and for the number that was called', () => {
  const desk = homes();
  for (const id of ['near', 'next']) desk.prove(id, ROUND_AT - 1);
  expect(desk.round(ROUND_AT)).not.toContain('herder');
  expect(desk.round(ROUND_AT + 84 * DAY_MS)).not.toContain('herder');
  expect(desk.round(ROUND_AT + 91 * DAY_MS)).toContain('herder');
  for (const id of ['near', 'next']) desk.prove(id, ROUND_AT + 92 * DAY_MS);
  expect(desk.unproved()).not.toContain('herder');
  const near = desk.registry.contact('near');
  desk.registry.apply([put('contact', { ...near, phoneKey: phoneKeyOf('another') })]);
  expect(desk.round(ROUND_AT + 98 * DAY_MS)).toContain('herder');
});

test('the person, the desk and those who only send others prove nothing', () => {
  const desk = homes();
  for (const id of ['desk', 'team', 'lead']) desk.prove(id, ROUND_AT - 1);
  expect(desk.round(ROUND_AT)).toContain('herder');
});

test('what leaves the registry leaves nothing open', () => {
  const desk = homes();
  desk.round(ROUND_AT);
  desk.took(desk.proofs.forget(['household:herder', 'contact:near'], ROUND_AT + 1));
  expect(desk.unproved()).not.toContain('herder');
  expect(desk.prove('nobody', ROUND_AT)).toMatchObject({ ok: false, problem: 'not-found' });
});

test('a county is gone through a few homes at a time', () => {
  const desk = homes();
  const more = Array.from({ length: 250 }, (_, index) => `h${index}`);
  desk.registry.apply([
    ...everybody,
    ...more.map((id) => put('household', { id, areaId: 'east', currentPlaceId: 'house' })),
    ...more.map((id) => put('person', { id, householdId: id, name: id })),
  ]);
  const first = desk.proofs.fire(ROUND_AT).alerts.length;
  expect([first, desk.proofs.nextDeadline()]).toEqual([100, ROUND_AT + 1_000]);
  expect(desk.round(ROUND_AT + 60_000).length).toBe(254 - 100);
  expect(desk.proofs.nextDeadline()).toBe(ROUND_AT + 7 * DAY_MS);
});
