import { expect, test } from 'vitest';
import { village } from '../incidents/village.test-support.ts';
import { systemAlert } from '../ingest/system-alerts.ts';
import type { Condition } from '../records/alert.ts';
import { threshold as thresholdSchema } from '../records/registry.ts';
import { type Language, recordTexts } from '../records/texts/texts.ts';
import { call } from '../rules/call.ts';
import { type Explained, explain, saidOf } from '../rules/explain/explain.ts';
import { fall } from '../rules/fall/fall.ts';
import { motionReports, tumble } from '../rules/fall/motion.test-support.ts';
import { hazard } from '../rules/hazard.ts';
import { quietHome } from '../rules/inactivity/quiet-home.test-support.ts';
import { coverage } from '../rules/life/coverage.ts';
import type { AnyRule } from '../rules/rule.ts';
import { batteryForecast } from '../rules/supervision/battery-forecast.ts';
import { batteryLow } from '../rules/supervision/battery-low.ts';
import { clockWrong } from '../rules/supervision/clock-wrong.ts';
import { counterReused } from '../rules/supervision/counter-reused.ts';
import { countyOf, watchCounty } from '../rules/supervision/county.test-support.ts';
import { deviceFault } from '../rules/supervision/device-fault.ts';
import { deviceSilent } from '../rules/supervision/device-silent.ts';
import { signalWeak } from '../rules/supervision/signal-weak.ts';
import { tamper } from '../rules/supervision/tamper.ts';
import { testOverdue } from '../rules/supervision/test-overdue.ts';
import { villageOutage } from '../rules/supervision/village-outage.ts';
import { visitOverdue } from '../rules/supervision/visit-overdue.ts';
import { climate } from '../rules/threshold/climate.ts';
import { threshold } from '../rules/threshold/threshold.ts';
import { vitals } from '../rules/threshold/vitals.ts';
import { unreadable } from '../rules/unreadable.ts';
import { campMoved } from '../rules/wandering/camp-moved.ts';
import { positionUnknown } from '../rules/wandering/position-unknown.ts';
import { circle, herder, places } from '../rules/wandering/steppe.test-support.ts';
import { wandering } from '../rules/wandering/wandering.ts';
import { HOUR_MS, home, localTime, MINUTE_MS, type ShortReport, watch } from '../rules/watch.test-support.ts';

const DAY_MS = 24 * HOUR_MS;

/** Reports so often for so long, and what the rule raised in the end. */
function after(rule: AnyRule, report: ShortReport, { every = MINUTE_MS, times = 1, wait = 0, ...how }: How = {}) {
  const house = watch(rule, { registry: livedIn });
  for (let count = 0; count < times; count++) {
    house.read(report, how);
    house.advance(every);
  }
  house.advance(wait);
  return house.alerts;
}
type How = {
  every?: number;
  times?: number;
  wait?: number;
  deviceKind?: 'smoke-detector';
  unread?: string[];
  lateMs?: number;
};
const household = { id: 'h1', areaId: 'gacha-1', currentPlaceId: 'house-1' };
const livedIn = { household: () => household };

const alarm = (source: 'smoke' | 'heat' | 'co' | 'gas' | 'water', more: object = {}): ShortReport => {
  return { name: 'alarm', source, state: 'on', temperature: 27.5, ...more };
};
const status = (words: object): ShortReport => ({ name: 'status', ...words });
const county = (homes: number) => countyOf({ townships: 1, villages: 1, homes });
const bound = { type: 'device-added', where: home, deviceId: 'dev-1', intervalMinutes: 60 } as const;

/** What a rule, or the system about itself, says of each condition. */
const raised: Record<Condition, () => readonly Explained[]> = {
  smoke: () => after(hazard, alarm('smoke', { obscuration: 0.6 }), { unread: ['co -3'] }),
  heat: () => after(hazard, alarm('heat')),
  co: () => after(hazard, alarm('co', { co: 120 })),
  gas: () => after(hazard, alarm('gas', { gas: 12, state: 'hushed' })),
  water: () => after(hazard, alarm('water')),
  unreadable() {
    const house = watch(unreadable);
    const what = { reportName: 'alarm', problem: 'v 2', causeId: 'x' } as const;
    house.tell({ type: 'unreadable', at: house.now, where: home, ...what });
    return house.alerts;
  },
  'call-emergency': () => after(call, { name: 'press', call: 'emergency' }),
  'call-care': () => after(call, { name: 'press', call: 'care' }),
  'call-service': () => after(call, { name: 'press', call: 'service' }),
  fall: () => after(fall, { name: 'fall', state: 'suspected' }, { wait: HOUR_MS, lateMs: 3 * HOUR_MS }),
  'fall-suspected': () => motionReports(tumble).flatMap((motion) => after(fall, motion, { wait: HOUR_MS })),
  'device-silent'() {
    const house = watch(deviceSilent);
    house.tell({ ...bound, at: house.now });
    house.advance(DAY_MS);
    return house.alerts;
  },
  'battery-low': () => [...after(batteryLow, status({ charge: 12 })), ...after(batteryLow, status({ battery: 2.4 }))],
  'counter-reused'() {
    const house = watch(counterReused);
    house.tell({ type: 'counter-reused', at: house.now, causeId: 'x', where: home, boot: 0, seq: 0 });
    return house.alerts;
  },
  'battery-forecast'() {
    const house = watch(batteryForecast);
    for (let day = 0; day < 40; day++) {
      house.read(status({ charge: 80 - day }), { deviceKind: 'smoke-detector' });
      house.advance(DAY_MS);
    }
    return house.alerts;
  },
  'signal-weak': () => after(signalWeak, status({ rsrp: -130, snr: -9 }), { every: 2 * HOUR_MS, times: 5 }),
  'clock-wrong'() {
    const house = watch(clockWrong);
    house.read(status({ at: house.now + 2 * DAY_MS, age: 0 }));
    return house.alerts;
  },
  'device-fault': () => after(deviceFault, status({ faults: ['chamber-dirty'] })),
  tamper: () => after(tamper, { name: 'tamper', state: 'on' }),
  'test-overdue': () =>
    after(testOverdue, { name: 'test', result: 'passed' }, { deviceKind: 'smoke-detector', wait: 40 * DAY_MS }),
  'visit-overdue'() {
    const { house } = watchCounty([visitOverdue], county(1));
    house.advance(100 * DAY_MS);
    return house.alerts;
  },
  'village-outage'() {
    const parts = countyOf({ townships: 1, villages: 4, homes: 10 });
    const { missed, house } = watchCounty([deviceSilent, villageOutage], parts);
    missed(parts.detectors.slice(0, 10), MINUTE_MS, parts.detectors.slice(10));
    house.advance(HOUR_MS);
    return house.alerts;
  },
  'uplink-lost'() {
    const { house } = watchCounty([villageOutage], county(5));
    const probed = { type: 'uplink', at: house.now, where: {}, reachable: false, probe: 'example.org:443' } as const;
    for (let count = 0; count < 2; count++) house.tell(probed);
    return house.alerts;
  },
  'probe-unanswered'() {
    const { house } = watchCounty([villageOutage], county(5));
    const probe = 'example.org:443';
    house.tell({ type: 'uplink', at: house.now, where: {}, reachable: false, probe, heard: true });
    return house.alerts;
  },
  blind() {
    const { house } = watchCounty([deviceSilent, coverage], county(1));
    house.advance(4 * DAY_MS);
    return house.alerts;
  },
  inactivity() {
    const house = quietHome();
    house.live(14);
    house.quiet(6 * HOUR_MS);
    return house.alerts;
  },
  wandering() {
    const nara = herder(wandering, { settings: { coldFromMonth: 12 }, zones: [circle(0, 0, 500)] });
    nara.fix(0, 0);
    nara.advance(10 * MINUTE_MS);
    for (let count = 0; count < 3; count++) {
      nara.fix(580, 0);
      nara.advance(MINUTE_MS);
    }
    return nara.alerts;
  },
  'position-unknown'() {
    const nara = herder(positionUnknown);
    nara.fix(0, 0);
    nara.advance(10 * MINUTE_MS);
    nara.fix(6000, 0, { speed: 4 });
    nara.advance(4 * HOUR_MS);
    return nara.alerts;
  },
  'camp-moved'() {
    const herders = herder(campMoved, { places });
    for (let hour = 0; hour < 60; hour++) {
      herders.fix(20, hour < 3 ? 0 : 30_000);
      herders.advance(HOUR_MS);
    }
    return herders.alerts;
  },
  cold: () => after(climate, status({ temperature: 3.2 }), { every: HOUR_MS, times: 3 }),
  hot: () => after(climate, status({ temperature: 41 }), { every: HOUR_MS, times: 3 }),
  vitals: () => after(vitals, { name: 'vitals', pulse: 142 }, { every: 5 * MINUTE_MS, times: 3 }),
  threshold() {
    const scope = { type: 'all' };
    const entered = { id: 't', name: 't', scope, quantity: 'status.rsrp', below: -120, severity: 'service' };
    const house = watch(threshold, { registry: { thresholds: () => [thresholdSchema.parse(entered)] } });
    house.read(status({ rsrp: -124 }));
    return house.alerts;
  },
  'readings-stopped': () => after(climate, status({ temperature: 48 }), { wait: DAY_MS }),
  'record-quarantined'() {
    const reason = { follower: 'alarm', record: 6, subject: 'hazard:smoke-1', error: 'it threw' };
    return [systemAlert('record-quarantined', '6', 0, {}, reason).alert];
  },
  'journal-reserve': () => [systemAlert('journal-reserve', '6', 0, {}, { freeBytes: 52_000_000 }).alert],
  'keys-unwritten': () => [systemAlert('keys-unwritten', '6', 0, {}, {}).alert],
  'channel-trouble'() {
    const reason = { channel: 'sms:modem-1', trouble: 'unreachable', detail: 'no network' };
    return [systemAlert('channel-trouble', '6', 0, {}, reason).alert];
  },
  'drill-failed'() {
    const { alert } = systemAlert('desk-empty', '6', 0, {}, {});
    const reason = { what: 'not-arrived', since: 0, deviceId: 'drill-1', channels: ['sms:modem-1'] };
    return [{ ...alert, condition: 'drill-failed', reason }];
  },
  'desk-empty': () => [systemAlert('desk-empty', '6', 0, {}, { why: 'no-page' }).alert],
  'contacts-unproved'() {
    const reason = { proved: 1, needed: 2 };
    return [{ ...systemAlert('desk-empty', '6', 0, {}, {}).alert, condition: 'contacts-unproved', reason }];
  },
  'hand-over-open'() {
    const reason = { rosterId: 'team', contactIds: ['ba'], since: 0 };
    return [{ ...systemAlert('desk-empty', '6', 0, {}, {}).alert, condition: 'hand-over-open', reason }];
  },
  'ladder-empty': () => nobodyReached().map((alert) => ({ ...alert, condition: 'ladder-empty' })),
  'notice-undelivered': () => nobodyReached(),
  'emergency-left-open': () => nobodyReached().map((alert) => ({ ...alert, condition: 'emergency-left-open' })),
};

/** The system's own alarms about an incident are written alike. */
function nobodyReached(): Explained[] {
  const desk = village();
  desk.alert('fall', 'watch-bat');
  for (const id of ['near', 'next', 'team', 'lead']) desk.outcome(id, 'failed');
  desk.advance(2 * MINUTE_MS);
  for (const id of ['next', 'station']) desk.outcome(id, 'failed');
  return desk.open().flatMap(({ category, alerts }) => (category === 'system' ? alerts : []));
}

const conditions = Object.keys(recordTexts.en.conditions) as Condition[];
const languages: Language[] = ['en', 'zh-CN'];

test.each(conditions)('why there is an alert of %s is a sentence in which everything has its place', (condition) => {
  const alerts = raised[condition]().filter((alert) => alert.condition === condition);
  expect(alerts).not.toEqual([]);
  for (const alert of alerts)
    for (const language of languages) {
      const speech = { language, local: localTime };
      expect(saidOf(alert, speech).rest).toEqual([]);
      expect(explain(alert, speech)).not.toMatch(/undefined|NaN|null|\[object/);
    }
});

test('every reason, as people read it, stands in docs/reasons.md', async () => {
  const lines = [
    '# Why an alert stands',
    '',
    'A sentence of each, in both languages. Written by `test/explain.test.ts`.',
    '',
  ];
  for (const condition of conditions) {
    const [alert] = raised[condition]().filter((one) => one.condition === condition);
    if (!alert) continue;
    lines.push(`## ${condition}`, '');
    lines.push(...languages.map((language) => `- ${explain(alert, { language, local: localTime })}`), '');
  }
  await expect(lines.join('\n')).toMatchFileSnapshot('../docs/reasons.md');
});
