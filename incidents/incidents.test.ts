import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Condition } from '../records/alert.ts';
import { lifeSafetyConditions } from '../records/alert.ts';
import type { Incident } from '../records/incident.ts';
import { codeFor } from './code.ts';
import { deadlineOf } from './incident-table.ts';
import { noticeIdOf, parseNoticeId } from './notices.ts';
import {
  contact,
  type Desk,
  keyOfOpen,
  li,
  MINUTE_MS,
  reloaded,
  severityOf,
  village,
  wang,
} from './village.test-support.ts';

const conditions: Condition[] = [
  'smoke',
  'gas',
  'fall',
  'call-emergency',
  'call-care',
  'call-service',
  'unreadable',
  'device-silent',
];
const devices = ['smoke-house', 'smoke-1', 'smoke-2', 'button-yurt', 'watch-bat', 'watch-her', 'watch-him', 'stranger'];
const people = ['near', 'next', 'station', 'night', 'team', 'lead', 'daughter', 'desk'];
const actors = [li, wang, contact('near'), contact('team'), contact('station')];

const pick = fc.nat({ max: 1000 });
const move = fc.oneof(
  fc.record({
    type: fc.constant('raise' as const),
    condition: fc.constantFrom(...conditions),
    device: fc.constantFrom(...devices),
  }),
  fc.record({ type: fc.constantFrom('clear' as const, 'strengthen' as const), pick }),
  fc.record({ type: fc.constant('command' as const), pick, what: fc.nat({ max: 8 }), by: fc.constantFrom(...actors) }),
  fc.record({
    type: fc.constant('outcome' as const),
    who: fc.constantFrom(...people),
    result: fc.constantFrom('delivered', 'accepted', 'refused', 'failed'),
  }),
  fc.record({
    type: fc.constant('wait' as const),
    ms: fc.constantFrom(0, 1, 1000, MINUTE_MS, 7 * MINUTE_MS, 3 * 60 * MINUTE_MS),
  }),
);
type Move = typeof move extends fc.Arbitrary<infer M> ? M : never;

function play(desk: Desk, one: Move, raised: string[]): void {
  switch (one.type) {
    case 'raise': {
      const alert = desk.alertOf(one.condition, one.device, { severity: severityOf(one.condition) });
      raised.push(alert.alertId);
      desk.change({ type: 'raise', alert });
      return;
    }
    case 'clear':
    case 'strengthen': {
      const alertId = raised[one.pick % Math.max(1, raised.length)] ?? 'none';
      const words = { alertId, at: desk.now, reason: { picked: one.pick } };
      desk.change(
        one.type === 'clear' ? { type: 'clear', ...words } : { type: 'strengthen', ...words, severity: 'critical' },
      );
      return;
    }
    case 'command': {
      const all = [...desk.state.table<{ incidentId: string }>('incidents').keys()];
      const incident = desk.incidents.get(all[one.pick % Math.max(1, all.length)] ?? 'none');
      const words = commands[one.what];
      if (incident && words) desk.command(incident, { ...words, by: one.by });
      return;
    }
    case 'outcome':
      desk.outcome(one.who, one.result as 'failed');
      return;
    case 'wait':
      desk.advance(one.ms);
      return;
  }
}

const commands = [
  { type: 'claim' },
  { type: 'release' },
  { type: 'act', action: 'called' },
  { type: 'accept', contactId: 'near', expectedMinutes: 10 },
  { type: 'decline', contactId: 'near' },
  { type: 'arrive' },
  { type: 'resolve', outcome: 'helped', contact: 'reached' },
  { type: 'resolve', outcome: 'helped', contact: 'not-reached' },
  { type: 'reopen', reason: 'again' },
] as const;

const runs = { numRuns: 150, seed: 20_261_122 };

test('whatever happens, what must hold of incidents holds', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const desk = village();
      const raised: string[] = [];
      for (const one of moves) {
        const before = new Map(desk.open().map((incident) => [incident.incidentId, incident]));
        play(desk, one, raised);
        const open = desk.open();
        expect(new Set(open.map(keyOfOpen)).size).toBe(open.length);
        expect(new Set(open.map(({ code }) => code)).size).toBe(open.length);
        for (const [incidentId, { alerts }] of before) {
          const after = desk.incidents.get(incidentId);
          const isLifeSafety = alerts.some(({ condition }) => lifeSafetyConditions.has(condition));
          // A person ends it, by that command; time, rules, messages and other commands never do.
          const ends = one.type === 'command' && commands[one.what]?.type === 'resolve';
          if (isLifeSafety && !ends) expect(after?.state.phase).not.toBe('resolved');
          if (isLifeSafety) expect(after).toBeDefined();
        }
        const due = desk.incidents.nextDeadline();
        if (due !== undefined) expect(due).toBeGreaterThanOrEqual(one.type === 'wait' ? desk.now : 0);
        expectCounts(desk);
      }
      const ids = desk.notices.map(({ noticeId }) => noticeId);
      expect(new Set(ids).size).toBe(ids.length);
    }),
    runs,
  );
});

test('whatever happened, a restart in between changes nothing of what follows', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), fc.array(move, { maxLength: 20 }), (first, then) => {
      const desk = village();
      const raised: string[] = [];
      for (const one of first) play(desk, one, raised);
      const again = village({ state: reloaded(desk.state), at: desk.now });
      again.notices.push(...desk.notices);
      again.countFrom(desk);
      const from = desk.notices.length;
      const known = [...raised];
      for (const one of then) play(desk, one, raised);
      for (const one of then) play(again, one, known);
      expect(again.notices.slice(from)).toEqual(desk.notices.slice(from));
      expect(again.open()).toEqual(desk.open());
      expect(again.incidents.nextDeadline()).toBe(desk.incidents.nextDeadline());
    }),
    runs,
  );
});

test('whatever is only looked at ahead, or fails half way, leaves no trace', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 25 }), fc.array(move, { maxLength: 25 }), (first, ahead) => {
      const desk = village();
      const raised: string[] = [];
      for (const one of first) play(desk, one, raised);
      const before = { entries: [...desk.state.entries()], due: desk.incidents.nextDeadline(), open: desk.open() };
      const { now } = desk;
      desk.state.preview(() => {
        for (const one of ahead) play(desk, one, [...raised]);
      });
      desk.backTo(now);
      expect(desk.incidents.nextDeadline()).toBe(before.due);
      expect(desk.open()).toEqual(before.open);
      expect(new Map([...desk.state.entries()].map((entry) => [`${entry.table}/${entry.key}`, entry.value]))).toEqual(
        new Map(before.entries.map((entry) => [`${entry.table}/${entry.key}`, entry.value])),
      );
      expectCounts(desk);
    }),
    runs,
  );
});

function expectCounts(desk: Desk): void {
  const counts = { critical: 0, urgent: 0, service: 0 };
  for (const { severity } of desk.open()) counts[severity] += 1;
  expect(desk.incidents.openCounts()).toEqual(counts);
  const all = [...desk.state.table<Incident>('incidents').values()];
  const waiting = all.filter((incident) => deadlineOf(incident) !== undefined);
  expect(desk.incidents.deadlineCount()).toBe(waiting.length);
}

test("history's word wins: what it decided stands, and what only this version opened is forgotten", () => {
  const past = village();
  past.alert('fall', 'watch-bat', { alertId: 'fall' });
  const decided = past.change({
    type: 'strengthen',
    alertId: 'fall',
    at: past.now,
    severity: 'critical',
    reason: { by: 'history' },
  });
  const desk = village();
  const alert = desk.alertOf('smoke', 'smoke-house', { alertId: 'smoke' });
  const mine = desk.change({ type: 'raise', alert });
  desk.incidents.applyDecided(decided.incidents, mine.incidents);
  expect(desk.open()).toEqual(past.open());
  expect(desk.incidents.nextDeadline()).toBe(past.incidents.nextDeadline());
  // What history knows nothing of can still happen.
  expect(desk.alert('smoke', 'smoke-house', { alertId: 'smoke' }).category).toBe('fire');
});

test('deadlines fire in the order of their time, then of their incident', () => {
  const desk = village();
  desk.alert('fall', 'watch-him', { alertId: 'b' });
  desk.alert('fall', 'watch-her', { alertId: 'a' });
  desk.advance(1);
  desk.alert('fall', 'watch-bat', { alertId: '0' });
  const { incidents } = desk.incidents.fire(desk.now + MINUTE_MS);
  expect(incidents.map(({ incident }) => incident.incidentId)).toEqual(['i:a', 'i:b', 'i:0']);
});

test('five thousand fires at once have as many codes, without characters that look alike', () => {
  const taken = new Set<string>();
  for (let number = 0; number < 5000; number++) taken.add(codeFor(`i:smoke:${number}`, (code) => taken.has(code)));
  expect(taken.size).toBe(5000);
  for (const code of taken) expect(code).toMatch(/^[AC-FHJ-NPRT-Y3479]{4}$/);
  expect(codeFor('i:smoke:1', () => false)).toBe(codeFor('i:smoke:1', () => false));
});

test("a notice's id says what caused it, whatever the incident is called", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.nat(), fc.boolean(), (incidentId, cause, rung, isDesk) => {
      const recipient = isDesk
        ? ({ type: 'desk', areaId: 'east' } as const)
        : ({ type: 'contact', contactId: 'near' } as const);
      const name = { incidentId, cause, rung, recipient };
      expect(parseNoticeId(noticeIdOf(name))).toEqual(name);
    }),
    runs,
  );
  expect(parseNoticeId('made up')).toBeUndefined();
});
