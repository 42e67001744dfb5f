import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AlertChange, Whereabouts } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import { allRules } from './all-rules.ts';
import { createEngine } from './engine.ts';
import type { RuleEvent } from './event.ts';
import { motionReports, tumble } from './fall/motion.test-support.ts';
import {
  HOUR_MS,
  home,
  localTime,
  MINUTE_MS,
  otherRoom,
  registryOf,
  type ShortReport,
  START_AT,
  stranger,
} from './watch.test-support.ts';

const devices: Whereabouts[] = [home, otherRoom, stranger];
const registry = registryOf(devices);

type Happening = { afterMs: number; event: RuleEvent };
const shortReport: fc.Arbitrary<ShortReport> = fc.oneof(
  fc.record({
    name: fc.constant('alarm'),
    source: fc.constantFrom('smoke', 'co'),
    state: fc.constantFrom('on', 'off', 'hushed'),
  }),
  fc.record({ name: fc.constant('test'), by: fc.constantFrom('button', 'self') }),
  fc.record({ name: fc.constant('fall'), state: fc.constantFrom('suspected', 'confirmed', 'cancelled') }),
  fc.record({ name: fc.constant('fall'), state: fc.constantFrom('confirmed', 'cancelled'), of: fc.nat(20) }),
  fc.record({ name: fc.constant('press'), call: fc.constantFrom('emergency', 'care', 'service', 'cancel', 'test') }),
  fc.record({ name: fc.constant('status'), charge: fc.constantFrom(5, 25, 80) }),
  fc.constantFrom(...motionReports(tumble, { hz: 10 }), ...motionReports(tumble, { hz: 10, parts: 2, of: 3 })),
) as fc.Arbitrary<ShortReport>;

const afterMs = fc.constantFrom(0, 1, 5000, 30_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS);
const moment = fc.record({
  afterMs,
  where: fc.constantFrom(...devices),
  lateMs: fc.constantFrom(undefined, 0, 0, 0, 20_000, 3 * HOUR_MS),
  what: fc.oneof(
    { weight: 8, arbitrary: shortReport },
    fc.constantFrom('unreadable', 'counter-reused', 'added', 'removed', 'test-window'),
  ),
});

/** Moments as a journal: times and names are given in its order. */
const journal: fc.Arbitrary<Happening[]> = fc.array(moment, { maxLength: 40 }).map((moments) => {
  let at = START_AT;
  return moments.map(({ afterMs, where, lateMs, what }, index) => {
    at += afterMs;
    const caused = { at, where, causeId: `${where.deviceId}:1:${index}:abcd` };
    const deviceId = where.deviceId ?? '';
    const event = ((): RuleEvent => {
      if (what === 'unreadable') return { type: 'unreadable', ...caused, reportName: 'alarm', problem: 'cut' };
      if (what === 'counter-reused') return { type: 'counter-reused', ...caused, boot: 1, seq: index };
      if (what === 'test-window')
        return { type: 'test-window', at, where, deviceId, until: at + HOUR_MS, by: 'account:bat' };
      if (what === 'added') return { type: 'device-added', at, where, deviceId, intervalMinutes: 20 };
      if (what === 'removed') return { type: 'device-removed', at, where, deviceId, intervalMinutes: 20 };
      const report = { v: 1 as const, boot: 1, seq: index, ...(what as ShortReport) };
      const late = lateMs === undefined ? {} : { lateMs };
      return {
        type: 'report',
        ...caused,
        report,
        occurredAt: at - (lateMs ?? 0),
        clock: 'trusted',
        unread: [],
        ...late,
      };
    })();
    return { afterMs, event };
  });
});

type Village = { state: FoldState; engine: ReturnType<typeof createEngine> };
function village(from: FoldState = new FoldState()): Village {
  return { state: from, engine: createEngine({ rules: allRules, state: from, registry, localTime }) };
}

function happen({ engine }: Village, { event }: Happening): AlertChange[] {
  const changes: AlertChange[] = [];
  for (let due = engine.nextDeadline(); due !== undefined && due <= event.at; due = engine.nextDeadline()) {
    changes.push(...engine.fire(due).changes);
  }
  const answer = engine.step(event);
  expect(answer.failures).toEqual([]);
  return [...changes, ...answer.changes];
}

const live = (happenings: Happening[]) => {
  const one = village();
  return happenings.flatMap((happening) => happen(one, happening));
};
const raised = (changes: AlertChange[]) =>
  changes.flatMap((change) => (change.type === 'raise' ? [change.alert.alertId] : []));
const settings = { seed: 20_261_102, numRuns: 300 };

test('the same journal gives the same alerts', () => {
  fc.assert(
    fc.property(journal, (happenings) => {
      expect(live(structuredClone(happenings))).toEqual(live(happenings));
    }),
    settings,
  );
});

test('no alert is raised twice, not even when every report is delivered twice', () => {
  fc.assert(
    fc.property(journal, (happenings) => {
      const once = raised(live(happenings));
      const twice = raised(live(happenings.flatMap((happening) => [happening, happening])));
      expect(new Set(once).size).toBe(once.length);
      expect(twice).toEqual(once);
    }),
    settings,
  );
});

test('a restart at any moment changes nothing', () => {
  fc.assert(
    fc.property(journal, fc.nat(40), (happenings, restartAt) => {
      let one = village();
      const changes = happenings.flatMap((happening, index) => {
        if (index === restartAt) {
          const kept = new FoldState();
          for (const entry of JSON.parse(JSON.stringify([...one.state.entries()]))) kept.load(entry);
          one = village(kept);
        }
        return happen(one, happening);
      });
      expect(changes).toEqual(live(happenings));
    }),
    settings,
  );
});

test('steps that were previewed or undone before they were taken change nothing', () => {
  fc.assert(
    fc.property(journal, (happenings) => {
      const one = village();
      const changes = happenings.flatMap((happening, index) => {
        const previewed = one.state.preview(() => happen(one, happening));
        const undone = () =>
          one.state.attempt(() => {
            happen(one, happening);
            if (index % 3 === 0) one.engine.rebuild();
            throw new Error('undone');
          });
        expect(undone).toThrow('undone');
        const taken = one.state.attempt(() => happen(one, happening));
        expect(previewed).toEqual(taken);
        return taken;
      });
      expect(changes).toEqual(live(happenings));
    }),
    settings,
  );
});

test('every emergency press that happened now is an alert, or on record as part of one', () => {
  fc.assert(
    fc.property(journal, (happenings) => {
      const changes = live(happenings);
      const causes = new Set(
        changes.flatMap((change) => {
          if (change.type === 'raise') return [change.alert.alertId.replace('call:', '')];
          return change.type === 'note' ? [change.note.noteId.replace('call:call-repeated:', '')] : [];
        }),
      );
      for (const { event } of happenings) {
        if (event.type === 'report' && event.report.name === 'press' && event.report.call === 'emergency')
          expect(causes).toContain(event.causeId);
      }
    }),
    settings,
  );
});
