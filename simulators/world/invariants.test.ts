import { expect, test } from 'vitest';
import type { Incident } from '../../records/incident.ts';
import type { DecidedRecord, JournalRecord } from '../../records/journal-record.ts';
import { hourMs, minuteMs } from './chronicle.test-support.ts';
import type { Entry, Evidence, Heard } from './evidence.ts';
import { invariants } from './invariants.ts';
import { li, twoDays } from './two-days.test-support.ts';

const whole = twoDays();

test('two days in which everything is as it should be keep every promise', () => {
  for (const { name, holds } of invariants) expect([name, holds(whole)]).toEqual([name, []]);
});

test('every promise has an invariant, and every invariant a name of its own', () => {
  const promises = new Set(invariants.map(({ promise }) => promise));
  expect([...promises]).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6, 7, 8, 9, 'rest']));
  expect(new Set(invariants.map(({ name }) => name)).size).toBe(invariants.length);
});

/** How each of them is broken, by the smallest change to the two days. */
const breaches: { [invariant: string]: () => Evidence } = {
  'acknowledged means kept': () => ({ ...whole, publishes: changed(whole.publishes, 0, { hash: 'another' }) }),
  'what was durable stays as it was': () => ({ ...whole, lost: ['record 7 was durable, and is another now'] }),
  'the journal is whole and in order': () => journal((entry) => (entry.sequence === 9 ? [] : [entry])),
  'a command that was answered is on record': () => ({
    ...whole,
    asked: changed(whole.asked, 0, { result: { ok: true, version: 99 } }),
  }),
  'a report that was kept is in the copy': () => copied({ reports: whole.store.copied.reports.slice(1) }),
  'no report is in the copy twice': () => copied({ reports: twice(whole.store.copied.reports) }),
  'a fire or a call for help is heard of in the end': () => ({
    ...whole,
    truth: [...whole.truth, { atMs: hourMs, what: 'emergency-press', homeId: 'x', deviceId: 'sim1-004-button' }],
  }),
  'a fire or a call for help that was kept is in an incident': () => undecided(raisesOf('call-emergency')),
  'one matter is one incident': () => decided(isOpening, ({ incidents = [], ...rest }) => {
    return { ...rest, incidents: [...incidents, ...incidents.map((change) => ({ ...change, incident: { ...change.incident, incidentId: 'i:other' } }))] };
  }),
  'what happened once is one alert': () => decided(raisesOf('call-emergency'), ({ alerts = [], ...rest }) => ({ ...rest, alerts: [...alerts, ...renamed(alerts)] })),
  'no alarm waits': () => ({
    ...whole,
    messages: whole.messages.map((heard) => ({ ...heard, atMs: heard.atMs + 5 * minuteMs })),
  }),
  'what cannot be read raises an alarm': () => undecided(raisesOf('unreadable')),
  'a fall is judged': () => undecided(raisesOf('fall')),
  'a fall that was cancelled in time calls nobody': () =>
    decided(notes('fall-cancelled'), (record) => ({ ...record, alerts: alertsOf(raisesOf('fall')) })),
  'late is not lost': () => decided(raisesOf('call-emergency'), (record) => ({ ...record, alerts: [] })),
  'the same journal leads to the same incidents': () => ({ ...whole, anew: { ...whole.anew, incidents: [] } }),
  'a record is decided once, and in its turn': () => journal((entry) => (isDecided(entry.record) && raisesOf('fall')(entry.record) ? [entry, entry] : [entry])),
  'a decision bears the version that judged': () => decided(raisesOf('fall'), (record) => ({ ...record, version: 'next' })),
  'a newer version calls nobody for what was judged': () => ({ ...whole, journal: [...whole.journal, ...judgedAgain()] }),
  'an alert is raised once': () => decided(raisesOf('fall'), ({ alerts = [], ...rest }) => ({ ...rest, alerts: twice(alerts) })),
  'a critical message does not rest': () => journal((entry) => [isAttempt(entry.record) ? { ...entry, atMs: entry.atMs + minuteMs } : entry]),
  'every critical message comes to an end': () => journal((entry) => (isAttempt(entry.record) ? [] : [entry])),
  'who cannot be reached is not waited for': () => unreachable(),
  'a message of service is not doubled': () => alsoHeard(({ notice }) => notice.severity === 'urgent', {}),
  'a repeat carries the id of the first': () => alsoHeard(() => true, { idempotencyId: 'another' }),
  'a message is named once, by its cause': () => decided(isOpening, ({ notices = [], ...rest }) => ({ ...rest, notices: twice(notices) })),
  'nothing goes out when it is over': () => alsoHeard(() => true, { atMs: 39 * hourMs }),
  'what people hear is on record': () => undecidedNotices(),
  'only a person ends an incident': () => journal((entry) => [isCommand(entry.record) ? { ...entry, record: { kind: 'tick' } } : entry]),
  'nobody reached takes two people': () => journal((entry) => [isCommand(entry.record) ? { ...entry, record: { ...entry.record, command: { ...entry.record.command, by: li } } } : entry]),
  'everyone who was told hears the end': () => decided(() => true, ({ notices = [], ...rest }) => ({ ...rest, notices: notices.filter(({ purpose }) => purpose !== 'stand-down') })),
  'a claim without action is taken back': () => undecided(happens('claim-expired')),
  'a device that died is missed': () => undecided((record) => raisesOf('device-silent')(record) && record.cause > 400),
  'a device that speaks is not called silent': () => decided(notes('fall-cancelled'), (record) => ({ ...record, alerts: alertsOf(raisesOf('device-silent')) })),
  'nothing is over because nobody speaks of it': () => journal((entry) => [entry.record.kind === 'report' ? { ...entry, record: { kind: 'tick' } } : entry]),
  'no deadline fires early': () => incidents(happens('claimed'), (incident) => ({ ...incident, state: { ...incident.state, expiresAt: incident.lastAlertAt + hourMs } }) as Incident),
  'no deadline is lost': () => undecided(happens('rung', 4)),
  'a deadline that is due is soon on record': () => late(),
  'the next rung is due when the ladder says': () => incidents(happens('rung', 2), (incident) => ({ ...incident, ladder: { ...incident.ladder, nextAt: 1 } }) as Incident),
  'quiet homes stay quiet': () => ({ ...whole, truth: whole.truth.map((one) => ({ ...one, what: 'away' as const })) }),
  'the system complains of what went wrong alone': () => decided(raisesOf('fall'), (record) => ({ ...record, alerts: systemAlerts() })),
  'nobody is flooded with messages': () => ({ ...whole, messages: flood() }),
  'the world comes to rest': () => ({ ...whole, stuck: ['desk is down'] }),
  'desk shows what the journal says': () => ({ ...whole, duty: { live: [], anew: whole.duty.anew } }),
  'the copy says what the journal says': () => copied({ attempts: whole.store.copied.attempts.slice(1) }),
  'every error in the log has a reason': () => ({
    ...whole,
    complaints: [{ atMs: hourMs, process: 'alarm', message: 'a channel threw' }],
  }),
  'everything in memory is bounded': () => ({ ...whole, peaks: [{ what: 'open notices', most: 101, bound: 100 }] }),
};

test.each(invariants)('$name: and when it does not, that is said', ({ name, holds }) => {
  const breach = breaches[name];
  if (!breach) throw new Error(`nobody knows how to break "${name}"`);
  const found = holds(breach());
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(5);
});

/** The two days with other entries in the journal. */
function journal(change: (entry: Entry) => Entry[]): Evidence {
  return { ...whole, journal: whole.journal.flatMap(change) };
}

/** With other words in the decisions that are meant. */
function decided(isMeant: (record: DecidedRecord) => boolean, change: (record: DecidedRecord) => DecidedRecord): Evidence {
  return journal((entry) => {
    const { record } = entry;
    return [isDecided(record) && isMeant(record) ? { ...entry, record: change(record) } : entry];
  });
}

/** As if nothing had followed from the records that these decisions are about. */
function undecided(isMeant: (record: DecidedRecord) => boolean): Evidence {
  return journal((entry) => [isDecided(entry.record) && isMeant(entry.record) ? { ...entry, record: { kind: 'tick' } } : entry]);
}

function incidents(isMeant: (record: DecidedRecord) => boolean, change: (incident: Incident) => Incident): Evidence {
  return decided(isMeant, (record) => ({
    ...record,
    incidents: (record.incidents ?? []).map((one) => ({ ...one, incident: change(one.incident) })),
  }));
}

const isDecided = (record: JournalRecord): record is DecidedRecord => record.kind === 'decided';
const isAttempt = ({ kind }: JournalRecord) => kind === 'attempting' || kind === 'outcome';
const isCommand = (record: JournalRecord): record is Extract<JournalRecord, { kind: 'command' }> =>
  record.kind === 'command' && 'incidentId' in record.command;
const isOpening = (record: DecidedRecord) => happens('opened')(record) && raisesOf('smoke')(record);
const raisesOf = (condition: string) => ({ alerts = [] }: DecidedRecord) =>
  alerts.some((change) => change.type === 'raise' && change.alert.condition === condition);
const notes = (what: string) => ({ alerts = [] }: DecidedRecord) =>
  alerts.some((change) => change.type === 'note' && change.note.what === what);
/** In a timeline; of rungs, the one of that number. */
const happens = (what: string, rung?: number) => ({ incidents: all = [] }: DecidedRecord) =>
  all.some(({ timeline }) => timeline.some((one) => one.what === what && (!rung || one.details.rung === rung)));

const decisions = whole.journal.flatMap(({ record }) => (isDecided(record) ? record : []));
const alertsOf = (isMeant: (record: DecidedRecord) => boolean) => decisions.find(isMeant)?.alerts ?? [];

function changed<T>(list: readonly T[], index: number, change: Partial<T>): T[] {
  return list.map((one, at) => (at === index ? { ...one, ...change } : one));
}
const twice = <T>(list: readonly T[]): T[] => list.flatMap((one) => [one, one]);
const copied = (rows: Partial<Evidence['store']['copied']>): Evidence => {
  const { copied: before, anew } = whole.store;
  return { ...whole, store: { copied: { ...before, ...rows }, anew } };
};

function renamed(alerts: NonNullable<DecidedRecord['alerts']>): typeof alerts {
  return alerts.map((change) =>
    change.type === 'raise' ? { ...change, alert: { ...change.alert, alertId: 'call:again' } } : change,
  );
}

/** The first message that is meant is heard a second time. */
function alsoHeard(isMeant: (heard: Heard) => boolean, change: Partial<Heard>): Evidence {
  const heard = whole.messages.find(isMeant);
  return { ...whole, messages: heard ? [...whole.messages, { ...heard, ...change }] : [] };
}
