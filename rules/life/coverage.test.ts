import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS, type ShortReport } from '../watch.test-support.ts';
import { homeOf, person } from './covered-home.test-support.ts';

const DAY_MS = 24 * HOUR_MS;

test('a person is on record as watched when a detector is heard, and says nothing before', () => {
  const home = homeOf();
  expect(home.coverages()).toEqual([]);
  home.hear('smoke-1');
  expect(home.coverages()).toEqual([['her', 'fire', 'watched', undefined]]);
  home.hear('watch-1');
  expect(home.coverages().slice(1)).toEqual([
    ['her', 'fall', 'watched', undefined],
    ['her', 'call', 'watched', undefined],
    ['her', 'wandering', 'watched', undefined],
  ]);
});

test('the last detector that falls silent leaves everybody in the home blind, since its last word', () => {
  const home = homeOf({ people: ['her', 'him'] });
  home.hear('smoke-1');
  const heardAt = home.now;
  home.advance(49 * HOUR_MS);
  expect(home.blinded()).toMatchObject([
    { personId: 'her', harm: 'fire', why: 'silent', since: heardAt },
    { personId: 'him', harm: 'fire', why: 'silent', since: heardAt },
  ]);
  const [alert, ...others] = home.blindAlerts();
  expect(others).toEqual([]);
  expect(alert).toMatchObject({ severity: 'critical', subject: { type: 'place', id: 'house-1' } });
  expect(alert?.reason).toMatchObject({ harm: 'fire', why: 'silent', sinceAt: heardAt, people: 2 });
});

test('a second detector that was never heard takes nothing away, and gives nothing', () => {
  const home = homeOf({ detectors: ['smoke-1', 'boxed'] });
  home.hear('smoke-1');
  const heardAt = home.now;
  home.advance(49 * HOUR_MS);
  expect(home.blinded()).toMatchObject([{ harm: 'fire', why: 'silent', since: heardAt }]);
});

test('a detector that is changed for one that was not heard yet leaves a person blind until it is', () => {
  const home = homeOf();
  home.hear('smoke-1');
  const next = {
    id: 'next',
    kind: 'smoke-detector' as const,
    placeId: 'house-1',
    intervalMinutes: 1440,
    simulated: false,
  };
  home.change({ type: 'remove', entity: 'device', id: 'smoke-1' }, { type: 'put', entity: 'device', value: next });
  expect(home.blinded()).toMatchObject([{ harm: 'fire', why: 'never-heard', since: home.now }]);
  home.hear('next');
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
});

test('a new detector that was not heard yet is work, and critical when it should have spoken and did not', () => {
  const home = homeOf();
  home.hear('smoke-1');
  const next = { kind: 'smoke-detector' as const, placeId: 'house-1', intervalMinutes: 1440, simulated: false };
  home.change(
    { type: 'remove', entity: 'device', id: 'smoke-1' },
    { type: 'put', entity: 'device', value: { ...next, id: 'next' } },
  );
  home.advance(DAY_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'service', reason: { why: 'never-heard' } }]);
  expect(home.later).toEqual([]);
  home.advance(5 * MINUTE_MS);
  expect(home.later).toMatchObject([{ type: 'strengthen', severity: 'critical', at: home.now }]);
});

test('a new detector that should have spoken by night wakes the desk alone until morning', () => {
  const home = homeOf();
  home.advance(12 * HOUR_MS);
  home.hear('smoke-1');
  const next = { kind: 'smoke-detector' as const, placeId: 'house-1', intervalMinutes: 1440, simulated: false };
  home.change(
    { type: 'remove', entity: 'device', id: 'smoke-1' },
    { type: 'put', entity: 'device', value: { ...next, id: 'next' } },
  );
  home.advance(DAY_MS + 5 * MINUTE_MS);
  expect(home.later).toMatchObject([{ type: 'strengthen', severity: 'urgent' }]);
  home.advance(8 * HOUR_MS);
  expect(home.later.slice(1)).toMatchObject([{ type: 'strengthen', severity: 'critical' }]);
});

test('the dead detector that is taken away ends the alert as removed, and not as if somebody watched', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.advance(49 * HOUR_MS);
  expect(home.blindAlerts()).toHaveLength(1);
  home.change({ type: 'remove', entity: 'device', id: 'smoke-1' });
  expect(home.later.filter(({ type }) => type === 'clear')).toMatchObject([
    { reason: { transition: 'blind to removed' } },
  ]);
});

test('where the day begins when it ends, a fire watch that is lost is critical a day later', () => {
  const home = homeOf({ settings: { dayBeginsMinute: 720, dayEndsMinute: 720 } });
  home.advance(40 * MINUTE_MS);
  home.hear('smoke-1');
  home.advance(48 * HOUR_MS + 20 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ at: home.now }]);
  expect(home.failures).toEqual([]);
  home.advance(DAY_MS);
  expect(home.failures).toEqual([]);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'urgent' }]);
  expect(home.later).toMatchObject([{ type: 'strengthen', severity: 'critical' }]);
});

test('where two households live, a movement sensor sees nobody in particular and watches over no silence', () => {
  const home = homeOf();
  const sensor = { id: 'hall', kind: 'presence-sensor' as const, intervalMinutes: 60, simulated: false };
  home.change({ type: 'put', entity: 'device', value: { ...sensor, placeId: 'house-1' } });
  home.hear('hall');
  expect(home.coverages()).toContainEqual(['her', 'silence', 'watched', undefined]);
  const guest = { id: 'h2', areaId: 'county', currentPlaceId: 'house-1' };
  home.change(
    { type: 'put', entity: 'household', value: guest },
    { type: 'put', entity: 'person', value: person('her') },
  );
  expect(home.coverages().at(-1)).toEqual(['her', 'silence', 'never-equipped', 'removed']);
});

test('with a second detector nobody is blind, and a detector that speaks again ends it', () => {
  const home = homeOf({ detectors: ['smoke-1', 'smoke-2'] });
  home.hear('smoke-1');
  home.hear('smoke-2');
  home.advance(40 * HOUR_MS);
  home.hear('smoke-2');
  home.advance(20 * HOUR_MS);
  expect(home.blinded()).toEqual([]);
  home.advance(40 * HOUR_MS);
  expect(home.blindAlerts()).toHaveLength(1);
  home.hear('smoke-1');
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
  expect(home.later).toContainEqual(
    expect.objectContaining({ type: 'clear', alertId: home.blindAlerts()[0]?.alertId }),
  );
});

test('a detector that is found silent at night is a matter of the desk, and critical in the morning', () => {
  const home = homeOf();
  home.advance(12 * HOUR_MS);
  home.hear('smoke-1');
  home.advance(48 * HOUR_MS + 40 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'urgent' }]);
  home.advance(8 * HOUR_MS);
  expect(home.later).toMatchObject([{ type: 'strengthen', severity: 'critical' }]);
});

test('a fault of its senses makes a detector blind, and one of anything else does not', () => {
  const home = homeOf();
  const faulty = (...faults: string[]) => home.hear('smoke-1', { name: 'status', faults } as ShortReport);
  faulty('clip-loose');
  home.advance(HOUR_MS);
  expect(home.blinded()).toEqual([]);
  faulty('clip-loose', 'chamber-dirty');
  expect(home.blinded()).toMatchObject([{ personId: 'her', harm: 'fire', why: 'fault' }]);
  home.hear('smoke-1', { name: 'status', battery: 3 } as ShortReport);
  home.advance(10 * MINUTE_MS);
  expect(home.blindAlerts()).toMatchObject([{ severity: 'critical', reason: { harm: 'fire', why: 'fault' } }]);
  faulty('clip-loose');
  faulty();
  expect(home.blinded()).toHaveLength(1);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
  expect(home.later).toContainEqual(
    expect.objectContaining({ type: 'clear', alertId: home.blindAlerts()[0]?.alertId }),
  );
});

test('a detector that failed its own test watches nobody until it passes one', () => {
  const home = homeOf();
  home.hear('smoke-1', { name: 'test', result: 'failed' } as ShortReport);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'blind', 'fault']);
  home.hear('smoke-1', { name: 'test', result: 'passed' } as ShortReport);
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'watched', undefined]);
});

test('a wearable that is off for the bath blinds nobody; left off, it does, and is work for the village', () => {
  const home = homeOf();
  home.hear('watch-1', { name: 'status', worn: 'yes' });
  home.hear('watch-1', { name: 'status', worn: 'no' });
  home.advance(2 * HOUR_MS);
  home.hear('watch-1', { name: 'status', worn: 'yes' });
  home.advance(5 * HOUR_MS);
  expect(home.blinded()).toEqual([]);
  const offAt = home.now;
  home.hear('watch-1', { name: 'status', worn: 'no' });
  home.advance(3 * HOUR_MS);
  expect(home.blinded().map(({ harm, why, since }) => [harm, why, since])).toEqual([
    ['fall', 'not-worn', offAt],
    ['wandering', 'not-worn', offAt],
  ]);
  expect(home.blindAlerts()).toEqual([]);
  home.advance(DAY_MS);
  expect(home.blindAlerts().map(({ severity, reason }) => [severity, reason.harm])).toEqual([
    ['service', 'fall'],
    ['service', 'wandering'],
  ]);
});

test('a wearable on its charger can still be pressed', () => {
  const home = homeOf();
  home.hear('watch-1', { name: 'status', charging: true });
  home.advance(7 * HOUR_MS);
  expect(home.blinded().map(({ harm, why }) => [harm, why])).toEqual([
    ['fall', 'charging'],
    ['wandering', 'charging'],
  ]);
});

test('whoever takes back the consent to be located is not watched for wandering, and nobody is called for it', () => {
  const home = homeOf();
  home.hear('watch-1');
  const consents = { location: { given: false, at: home.now, by: 'her' } };
  home.change({ type: 'put', entity: 'person', value: { ...person('her'), consents } });
  expect(home.blinded()).toMatchObject([{ harm: 'wandering', why: 'no-consent' }]);
  home.advance(3 * DAY_MS);
  expect(home.blindAlerts().map(({ reason }) => reason.harm)).not.toContain('wandering');
});

test('somebody in hospital is not looked for', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.change({
    type: 'put',
    entity: 'person',
    value: { ...person('her'), absence: { reason: 'hospital', since: home.now } },
  });
  home.advance(4 * DAY_MS);
  expect(home.blinded()).toHaveLength(1);
  expect(home.blindAlerts()).toEqual([]);
});

test('a detector that is taken away leaves nobody blind: there is none any more', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.change({ type: 'remove', entity: 'device', id: 'smoke-1' });
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'never-equipped', 'removed']);
  home.advance(4 * DAY_MS);
  expect(home.blindAlerts()).toEqual([]);
});

test('a household that is gone leaves nothing behind', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.change(
    { type: 'remove', entity: 'device', id: 'smoke-1' },
    { type: 'remove', entity: 'device', id: 'watch-1' },
    { type: 'remove', entity: 'person', id: 'her' },
    { type: 'remove', entity: 'household', id: 'h1' },
  );
  expect(home.coverages().at(-1)).toEqual(['her', 'fire', 'never-equipped', 'removed']);
  expect(home.state('coverage', 'household:h1')).toBeUndefined();
});

test('a server that was down for two days calls nobody blind for it', () => {
  const home = homeOf();
  home.hear('smoke-1');
  home.advance(47 * HOUR_MS);
  home.engine.rebase(48 * HOUR_MS);
  home.advance(48 * HOUR_MS);
  expect(home.blinded()).toEqual([]);
  home.hear('smoke-1');
  home.advance(24 * HOUR_MS);
  expect(home.blinded()).toEqual([]);
});

const deed = fc.oneof(
  fc.record({
    what: fc.constant('hear' as const),
    deviceId: fc.constantFrom('smoke-1', 'watch-1'),
    status: fc.record({
      name: fc.constant('status' as const),
      worn: fc.constantFrom('yes' as const, 'no' as const, 'unknown' as const),
      charging: fc.boolean(),
    }),
  }),
  fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(MINUTE_MS, HOUR_MS, 9 * HOUR_MS, 30 * HOUR_MS) }),
  fc.record({ what: fc.constant('down' as const), ms: fc.constantFrom(MINUTE_MS, 20 * HOUR_MS) }),
);
type Deed = typeof deed extends fc.Arbitrary<infer One> ? One : never;

function live(deeds: readonly Deed[], times = 1) {
  const home = homeOf({ people: ['her', 'him'] });
  for (const one of deeds) {
    if (one.what === 'hear') for (let time = 0; time < times; time++) home.hear(one.deviceId, one.status);
    else if (one.what === 'down') home.engine.rebase(one.ms);
    if (one.what !== 'hear') home.advance(one.ms);
  }
  return home;
}

test('whatever happens, each change is one, nobody is blind from the future, and an alert stands while somebody is', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 25 }), (deeds) => {
      const home = live(deeds);
      const covered = home.changes.flatMap((change) => (change.type === 'coverage' ? [change] : []));
      for (const all of Map.groupBy(covered, ({ personId, harm }) => `${personId} ${harm}`).values()) {
        for (const [index, { state, why, since, at }] of all.entries()) {
          expect(since).toBeLessThanOrEqual(at);
          const next = all[index + 1];
          if (next) expect([next.state, next.why]).not.toEqual([state, why]);
          if (next) expect(next.since).toBeGreaterThanOrEqual(since);
        }
      }
      const isBlind = (harm: string) =>
        ['her', 'him'].some(
          (id) => covered.findLast((one) => one.personId === id && one.harm === harm)?.state === 'blind',
        );
      const cleared = home.later.flatMap((change) => (change.type === 'clear' ? [change.alertId] : []));
      expect(new Set(cleared).size).toBe(cleared.length);
      for (const { alertId, reason } of home.blindAlerts())
        if (!cleared.includes(alertId)) expect(isBlind(String(reason.harm))).toBe(true);
    }),
    { seed: 20261123, numRuns: 150 },
  );
});

test('what is said twice is on record once', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 25 }), (deeds) => {
      expect(live(deeds, 2).changes).toEqual(live(deeds).changes);
    }),
    { seed: 20261124, numRuns: 100 },
  );
});

test('nothing that is kept of a home is keyed by who lives there', () => {
  const home = homeOf({ people: ['her', 'him'] });
  home.hear('smoke-1');
  home.advance(49 * HOUR_MS);
  const kept = JSON.stringify(home.state('coverage', 'household:h1'));
  expect(kept).toContain('"him"');
  expect(kept).not.toMatch(/"(her|him)":/);
});
