import { makeOrdinaryCounty, type OrdinaryCounty } from '../simulators/ordinary-days.ts';
import { type Emergency, type EmergencyKind, makeEmergencies } from '../simulators/ordinary-days-emergencies.ts';
import { publishedRates, smokesADayAt6Meters } from '../simulators/ordinary-days-troubles.ts';
import { isNight, type Lived, liveThrough, type Seen } from '../simulators/ordinary-days-world.ts';
import type { Bench } from './run.ts';

/**
 * Seven ordinary days of `BENCH_HOUSEHOLDS` (2,000) homes, after seven in which they become known, with published rates of nuisances and some true emergencies.
 * `desk-load`: urgent and critical incidents a day that somebody at the desk has to work, all but those that an answer to a prompt ended; bound 30.
 * `-night`: of those from 22:00 to 6:00; bound 6. `-false-calls-a-volunteer`: neighbours and stations who were called where nobody was in need, a month and volunteer;
 * bound 1. `-missed`, `-slower`: true emergencies that nobody heard of, or later than in the same days without nuisances and without the other homes; bound 0.
 */
export const run: Bench = async (report) => {
  const homes = Number(process.env.BENCH_HOUSEHOLDS ?? 2_000);
  const [habitDays, days] = [7, 7];
  const startAt = Date.parse(process.env.BENCH_START ?? '2026-09-07T00:00:00+08:00');
  const county = makeOrdinaryCounty({ seed: 2026, startAt, homes });
  const emergencies = makeEmergencies(county, { days, fromDay: habitDays });
  const lived = liveThrough(county, { habitDays, days, emergencies, rates: publishedRates });
  const urgent = [...lived.seen.values()].filter(({ urgentAt }) => urgentAt !== undefined);
  const worked = urgent.filter(({ isEndedByItself }) => !isEndedByItself);
  report('desk-load-night', worked.filter(({ urgentAt = 0 }) => isNight(urgentAt)).length / days, '1/night');
  for (const [category, count] of countedBy(worked, ({ incident }) => incident.category))
    report(`desk-load-${category}`, count / days, '1/day');
  const truly = new Set(emergencies.map(({ home }) => home.id));
  const isTrue = ({ incident }: Seen) => truly.has(incident.where.householdId ?? '');
  report('desk-load-true', worked.filter(isTrue).length / days, '1/day');
  report('desk-load-ended-by-an-answer', (urgent.length - worked.length) / days, '1/day');
  report('desk-load-prompts', lived.prompts / days, '1/day');
  const calls = falseCalls(lived);
  const aMonth = 30 / days;
  const volunteers = homes + county.villages.length;
  report('desk-load-false-calls-a-volunteer', (calls.neighbours + calls.stations) * (aMonth / volunteers), '1/month');
  report('desk-load-false-calls-a-neighbour', calls.neighbours * (aMonth / homes), '1/month');
  report('desk-load-false-calls-a-station', calls.stations * (aMonth / county.villages.length), '1/month');
  const alone = liveThrough(county, { habitDays, days, emergencies, homes: emergencies.map(({ home }) => home) });
  compare(report, emergencies, lived, alone);
  report('desk-load-smoke-at-6-m-of-stoves', smokesAt6Meters(county, days) / days, '1/day');
  report('desk-load', worked.length / days, '1/day');
};

function countedBy(list: readonly Seen[], key: (one: Seen) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return [...counts];
}

/** Incidents of cooking alone, if every alarm that was recorded in kitchens had sounded: what detectors cost that hang too near. */
function smokesAt6Meters(county: OrdinaryCounty, days: number): number {
  const none = { suspicionsADay: 0, uncancelledShare: 0, movementsADay: 0, pressesADay: 0 };
  const rates = { ...none, smokesADay: smokesADayAt6Meters };
  const { seen } = liveThrough(county, { habitDays: 0, days, emergencies: [], rates, homes: [] });
  return Iterator.from(seen.values())
    .filter(({ incident }) => incident.category === 'fire')
    .toArray().length;
}

/** Who was asked to go where nobody was in need: once for each incident. Villages that fell silent are rounds, and no calls. */
function falseCalls({ told, seen }: Lived): { neighbours: number; stations: number } {
  const called = new Set<string>();
  for (const { notice, isReal } of told) {
    const { recipient, purpose, incidentId } = notice;
    if (isReal || recipient.type !== 'contact' || !calling.has(purpose)) continue;
    if (seen.get(incidentId)?.incident.where.householdId !== undefined)
      called.add(`${recipient.contactId} ${incidentId}`);
  }
  const stations = Iterator.from(called)
    .filter((call) => call.includes('-station '))
    .toArray().length;
  const others = Iterator.from(called)
    .filter((call) => call.startsWith('n-'))
    .toArray().length;
  return { neighbours: others, stations };
}
/** A neighbour whom the desk asks to look in has it as information. */
const calling: ReadonlySet<string> = new Set(['alarm', 'worse', 'escalation', 'information']);

function compare(report: Parameters<Bench>[0], emergencies: readonly Emergency[], lived: Lived, alone: Lived): void {
  let [missed, slower] = [0, 0];
  const delays = new Map<EmergencyKind, number[]>();
  for (const emergency of emergencies) {
    const [heard, without] = [firstHeard(emergency, lived), firstHeard(emergency, alone)];
    if (heard === undefined && without !== undefined) missed += 1;
    if (heard !== undefined && without !== undefined && heard > without) slower += 1;
    if (heard !== undefined) delays.set(emergency.kind, [...(delays.get(emergency.kind) ?? []), heard]);
  }
  for (const [kind, all] of delays) {
    report(`desk-load-delay-${kind}`, Math.max(...all) / 60_000, 'min');
    report(`desk-load-heard-${kind}`, all.length / emergencies.filter((one) => one.kind === kind).length, '1');
  }
  report('desk-load-missed', missed, 'emergencies');
  report('desk-load-slower', slower, 'emergencies');
}

/** From an emergency to the first word of it to anybody, ms. */
function firstHeard({ kind, home, at }: Emergency, { told, seen }: Lived): number | undefined {
  const words = told.filter(({ notice }) => {
    const incident = seen.get(notice.incidentId)?.incident;
    const isOfIt = incident?.where.householdId === home.id && categories[kind].includes(incident.category);
    return isOfIt && notice.at >= at && ['alarm', 'worse', 'escalation'].includes(notice.purpose);
  });
  return words.length > 0 ? Math.min(...words.map(({ notice }) => notice.at)) - at : undefined;
}

const categories: Readonly<Record<EmergencyKind, readonly string[]>> = {
  fire: ['fire'],
  press: ['call', 'fall'],
  fall: ['fall', 'call'],
  still: ['inactivity'],
  wandering: ['wandering'],
};
