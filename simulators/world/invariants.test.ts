import { expect, test } from 'vitest';
import type { AlertChange, Condition } from '../../records/alert.ts';
import type { Incident, TimelineEntry } from '../../records/incident.ts';
import type { DecidedRecord, JournalRecord } from '../../records/journal-record.ts';
import type { Notice } from '../../records/notice.ts';
import { breachesOfCommands, withCommand } from './breaches-of-commands.test-support.ts';
import { breachesOfDigests } from './breaches-of-digests.test-support.ts';
import { breachesOfDuty } from './breaches-of-duty.test-support.ts';
import { breachesOfOffice, enteredLater, withOffice } from './breaches-of-office.test-support.ts';
import { breachesOfRestore } from './breaches-of-restore.test-support.ts';
import { breachesOfTelephones } from './breaches-of-telephones.test-support.ts';
import { hourMs, minuteMs } from './chronicle.test-support.ts';
import type { Entry, Evidence, Heard, HostileSay } from './evidence.ts';
import type { FaultKind } from './faults.ts';
import { invariants } from './invariants.ts';
import { commandInvariants } from './invariants-commands.ts';
import { officeInvariants } from './invariants-office.ts';
import { li, twoDays } from './two-days.test-support.ts';

const longStop = { kind: 'started', version: 'present', downMs: 3 * hourMs } as const;
const whole = twoDays();

test('two days in which everything is as it should be keep every promise', () => {
  for (const { name, holds } of invariants) expect([name, holds(whole)]).toEqual([name, []]);
});

test('a command that was asked, put on record and sent breaks none', () => {
  const evidence = withCommand(whole, { name: 'reboot' });
  for (const { name, holds } of commandInvariants) expect([name, holds(evidence)]).toEqual([name, []]);
});

test('an account of everything, and a program that heard of everything, break none', () => {
  const evidence = withOffice(whole);
  expect(evidence.account.length).toBeGreaterThan(3);
  for (const { name, holds } of officeInvariants) expect([name, holds(evidence)]).toEqual([name, []]);
});

test('of what stood before it was subscribed a program need not hear, and of what came after it has to', () => {
  const heard = officeInvariants.find(
    ({ name }) => name === 'who subscribed hears of every incident, and of every visit',
  );
  const later = enteredLater(whole);
  expect(later.told.length).toBeLessThan(withOffice(whole).told.length);
  expect(heard?.holds(later)).toEqual([]);
  expect(heard?.holds({ ...withOffice(whole), told: later.told })).toHaveLength(1);
  expect(heard?.holds({ ...later, told: later.told.slice(-1) }).length).toBeGreaterThan(0);
});

test('every promise has an invariant, and every invariant a name of its own', () => {
  const promises = new Set(invariants.map(({ promise }) => promise));
  expect([...promises]).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6, 7, 8, 9, 'rest']));
  expect(new Set(invariants.map(({ name }) => name)).size).toBe(invariants.length);
});

/** How each of them is broken, by a small change to the two days. */
const breaches: { [invariant: string]: () => Evidence } = {
  ...breachesOfCommands(whole),
  ...breachesOfDigests(whole),
  ...breachesOfDuty(whole),
  ...breachesOfOffice(whole),
  ...breachesOfRestore(whole),
  ...breachesOfTelephones(whole),

  'acknowledged means kept': () => ({ ...whole, publishes: changed(whole.publishes, 0, { hash: 'another' }) }),
  'what was durable stays as it was': () => ({ ...whole, lost: ['record 7 was durable, and is another now'] }),
  'the journal is whole and in order': () => journal((entry) => (entry.sequence === 9 ? [] : [entry])),
  'a command that was answered is on record': () => {
    return { ...whole, asked: changed(whole.asked, 0, { result: { ok: true, version: 99 } }) };
  },
  'a report that was kept is in the copy': () => copied({ reports: whole.store.copied.reports.slice(1) }),
  'no report is in the copy twice': () => copied({ reports: twice(whole.store.copied.reports) }),

  'a fire or a call for help is heard of in the end': () => ({ ...whole, truth: [...whole.truth, unheard] }),
  'a fire or a call for help that was kept is in an incident': () => undecided(raises('call-emergency')),
  'one matter is one incident': () => incidents(opensFire, (one) => [one, { ...one, incidentId: 'i:other' }]),
  'what happened once is one alert': () => alerts(raises('call-emergency'), (one) => [one, withId(one, 'call:again')]),
  'no alarm waits': () => ({ ...whole, messages: whole.messages.map((one) => ({ ...one, atMs: one.atMs + 300_000 })) }),
  'what cannot be read raises an alarm': () => undecided(raises('unreadable')),
  'a fall is judged': () => undecided(raises('fall')),
  'a fall that was cancelled in time calls nobody': () =>
    alerts(notes('fall-cancelled'), (one) => raisedFor('fall').map((change) => sinceThen(change, one))),
  'late is not lost': () => alerts(raises('call-emergency'), () => []),

  'the same journal leads to the same incidents': () => ({ ...whole, anew: { ...whole.anew, incidents: [] } }),
  'a record is decided once, and in its turn': () =>
    journal((entry) => (isMeant(entry, raises('fall')) ? [entry, entry] : [entry])),
  'a decision bears the version that judged': () => decided(raises('fall'), (one) => ({ ...one, version: 'next' })),
  'a newer version calls nobody for what was judged': () => ({
    ...whole,
    journal: [...whole.journal, ...judgedAgain()],
  }),
  'an alert is raised once': () => alerts(raises('fall'), (one) => [one, one]),

  'a critical message does not rest': () =>
    journal((entry) => [isAttempt(entry) ? { ...entry, atMs: entry.atMs + minuteMs } : entry]),
  'every critical message comes to an end': () => journal((entry) => (isAttempt(entry) ? [] : [entry])),
  'who cannot be reached is not waited for': () => decided(happens('delivered'), unreachable),
  'a message of service is not doubled': () => alsoHeard(({ notice }) => notice.severity === 'urgent', {}),
  'a repeat carries the id of the first': () => alsoHeard(() => true, { idempotencyId: 'another' }),
  'a message is named once, by its cause': () => notices(opensFire, (one) => [one, one]),
  'nothing goes out when it is over': () => alsoHeard(() => true, { atMs: 39 * hourMs }),
  'what people hear is on record': () => notices(opensFire, () => []),

  'only a person ends an incident': () => commands(() => ({ kind: 'tick' })),
  'nobody reached takes two people': () =>
    commands(({ command }) => ({ kind: 'command', command: { ...command, by: li } })),
  'everyone who was told hears the end': () => notices(happens('resolved'), () => []),
  'a claim without action is taken back': () => fromFirstTick((entry) => later(entry, minuteMs)),

  'a device that died is missed': () =>
    journal((entry) => [entry.atMs > 22 * hourMs && isMeant(entry, raises('device-silent')) ? without(entry) : entry]),
  'a device that speaks is not called silent': () => alerts(notes('fall-cancelled'), () => raisedFor('device-silent')),
  'whoever loses their last device is on record as blind': () =>
    alerts(raises('device-silent'), (one) => (one.type === 'coverage' ? [] : [one])),
  'nothing is over because nobody speaks of it': () =>
    journal((entry) => [entry.record.kind === 'report' ? without(entry) : entry]),

  'no deadline fires early': () => incidents(happens('claimed'), (one) => [claimedFor(one, hourMs)]),
  'no deadline is lost': () => undecided(tells(4)),
  'a deadline that is due is soon on record': () => fromFirstTick((entry) => later(entry, minuteMs)),
  'the next rung is due when the ladder says': () => incidents(tells(2), (one) => [goesOnAt(one, 1)]),

  'quiet homes stay quiet': () => ({ ...whole, truth: whole.truth.map((one) => ({ ...one, what: 'away' as const })) }),
  'the system complains of what went wrong alone': () =>
    alerts(raises('fall'), (one) => [one, withCondition(one, 'ladder-empty')]),
  'what was open while the system stood still goes on by no one but people': () =>
    journal((entry) => [entry.record.kind === 'tick' ? { ...entry, record: longStop } : entry]),
  'nobody is flooded with messages': () => ({
    ...whole,
    messages: Array.from({ length: 70 }, (_, at) => messageOf(at)),
  }),

  'the world comes to rest': () => ({ ...whole, stuck: ['desk is down'] }),
  'desk shows what the journal says': () => ({ ...whole, duty: { live: [], anew: whole.duty.anew } }),
  'the copy says what the journal says': () => copied({ attempts: whole.store.copied.attempts.slice(1) }),
  'every error in the log has a reason': () => {
    return { ...whole, complaints: [{ atMs: hourMs, process: 'alarm', message: 'a channel threw' }] };
  },
  'what a broken device was acknowledged is kept': () => hostile({ hash: 'another' }),
  'a cry of a broken device is in an incident': () => hostile({ cries: ['unreadable'] }),
  'everything in memory is bounded': () => ({ ...whole, peaks: [{ what: 'open notices', most: 101, bound: 100 }] }),
};

test.each(invariants)('$name: and when it does not, that is said', ({ name, holds }) => {
  const breach = breaches[name];
  if (!breach) throw new Error(`nobody knows how to break "${name}"`);
  const found = holds(breach());
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(5);
});

test('what nobody could do in the meantime is not held against the system', () => {
  const promise = (name: string) => invariants.find((one) => one.name === name);
  const troubles = [{ what: 'alarm-down', fromMs: 0, toMs: 30 * hourMs }] as const;
  for (const name of [
    'no alarm waits',
    'a critical message does not rest',
    'a deadline that is due is soon on record',
  ]) {
    const breach = breaches[name]?.() ?? whole;
    expect([name, promise(name)?.holds({ ...breach, troubles })]).toEqual([name, []]);
  }
});

test('a journal that was put back ends a claim of before at its start, and nothing else does before its time', () => {
  const early = invariants.find(({ name }) => name === 'no deadline fires early');
  const claimed = incidents(happens('claimed'), (one) => [claimedFor(one, hourMs)]);
  const startedAs = (record: JournalRecord): Evidence => {
    const ends = claimed.journal.find((entry) => isMeant(entry, happens('claim-expired')))?.record;
    const cause = ends?.kind === 'decided' ? ends.cause : 0;
    return { ...claimed, journal: changed(claimed.journal, cause - 1, { record }) };
  };
  const started = { kind: 'started', version: 'present', downMs: 0 } as const;
  expect(early?.holds(startedAs({ ...started, restored: { takenAt: 0 } }))).toEqual([]);
  expect(early?.holds(startedAs(started))).toHaveLength(1);
});

test('a fall that was stored, and came together with one that was cancelled, is not the one that was', () => {
  const cancelled = invariants.find(({ name }) => name === 'a fall that was cancelled in time calls nobody');
  expect(cancelled?.holds(alerts(notes('fall-cancelled'), () => raisedFor('fall')))).toEqual([]);
});

test('a provider that says it failed, and had delivered, explains that a message of service came twice', () => {
  const lied = whole.messages.map((one) =>
    one.notice.severity === 'urgent' ? { ...one, answer: 'later' as const } : one,
  );
  const again = lied.filter(({ notice }) => notice.severity === 'urgent').slice(0, 1);
  const doubled = invariants.find(({ name }) => name === 'a message of service is not doubled');
  expect(doubled?.holds({ ...whole, messages: [...lied, ...again] })).toEqual([]);
});

test('a registry that was written whole is the same in the end, and one with an entity too few or too many is not', () => {
  const copy = invariants.find(({ name }) => name === 'the copy says what the journal says');
  const { entities } = whole.store.copied;
  const every = { sequence: 1, change: { entity: 'every', id: '', value: undefined } } as const;
  expect(entities.length).toBeGreaterThan(10);
  expect(copy?.holds(copied({ entities: [...entities, every, ...entities] }))).toEqual([]);
  expect(copy?.holds(copied({ entities: [...entities, every, ...entities.slice(1)] }))).toHaveLength(1);
  const [first] = entities;
  const gone = { ...entities[0], change: { ...first?.change, value: undefined } } as (typeof entities)[number];
  expect(copy?.holds(copied({ entities: [...entities, gone] }))).toHaveLength(1);
});

test('a report is in the copy again only when its device seems to count from the beginning again', () => {
  const twiceCopied = invariants.find(({ name }) => name === 'no report is in the copy twice');
  const { reports } = whole.store.copied;
  const status = reports.find(({ report }) => report.name === 'status');
  const fall = reports.find(({ deviceId, report }) => deviceId === status?.deviceId && report.name === 'fall');
  if (!status || !fall) throw new Error('no watch says that somebody fell');
  const end = whole.journal.length;
  const heard = [fall, status].flatMap(
    ({ sequence }) => whole.journal.find((entry) => entry.sequence === sequence) ?? [],
  );
  const journal = [...whole.journal, ...heard.map((entry, index) => ({ ...entry, sequence: end + 1 + index }))];
  const again = [fall, status].map((row, index) => {
    return { ...row, sequence: end + 1 + index, receivedAt: status.receivedAt + index };
  });
  expect(twiceCopied?.holds({ ...copied({ reports: [...reports, ...again] }), journal })).toEqual([]);
  expect(twiceCopied?.holds({ ...copied({ reports: [...reports, ...again.slice(1)] }), journal })).toHaveLength(1);
});

test('an error in the log is explained by a fault of that world, and by no other', () => {
  const complaints = [
    { atMs: hourMs, process: 'alarm', message: 'a snapshot is damaged: trying the one before it' },
  ] as const;
  const explained = invariants.find(({ name }) => name === 'every error in the log has a reason');
  const withKind = (kind: FaultKind) => ({ ...whole, complaints, faults: { ...whole.faults, kinds: [kind] } });
  expect(explained?.holds(withKind('disk'))).toEqual([]);
  expect(explained?.holds(withKind('network'))).toHaveLength(1);
});

type Meant = (record: DecidedRecord) => boolean;
type Change = AlertChange;

/** The two days with other entries in the journal. */
function journal(change: (entry: Entry) => Entry[]): Evidence {
  return { ...whole, journal: whole.journal.flatMap(change) };
}

/** With other words in the decisions that are meant. */
function decided(isIt: Meant, change: (record: DecidedRecord) => DecidedRecord): Evidence {
  return journal((entry) => {
    const { record } = entry;
    return [record.kind === 'decided' && isIt(record) ? { ...entry, record: change(record) } : entry];
  });
}
/** As if nothing had followed from the records that these decisions are about. */
const undecided = (isIt: Meant) => journal((entry) => [isMeant(entry, isIt) ? without(entry) : entry]);
const alerts = (isIt: Meant, change: (one: Change) => Change[]) =>
  decided(isIt, (record) => ({ ...record, alerts: (record.alerts ?? []).flatMap(change) }));
const notices = (isIt: Meant, change: (one: Notice) => Notice[]) =>
  decided(isIt, (record) => ({ ...record, notices: (record.notices ?? []).flatMap(change) }));
function incidents(isIt: Meant, change: (one: Incident) => Incident[]): Evidence {
  return decided(isIt, ({ incidents: all = [], ...record }) => ({
    ...record,
    incidents: all.flatMap((one) => change(one.incident).map((incident) => ({ ...one, incident }))),
  }));
}
/** With other commands about incidents. */
function commands(change: (record: CommandRecord) => JournalRecord): Evidence {
  return journal((entry) => {
    const { record } = entry;
    return [record.kind === 'command' && 'incidentId' in record.command ? { ...entry, record: change(record) } : entry];
  });
}
type CommandRecord = Extract<JournalRecord, { kind: 'command' }>;

function fromFirstTick(change: (entry: Entry) => Entry): Evidence {
  const first = whole.journal.find(({ record }) => record.kind === 'tick')?.sequence ?? 0;
  return journal((entry) => [entry.sequence < first ? entry : change(entry)]);
}

/** With something that a broken device said: the first heartbeat of the two days, or what is said of it. */
function hostile(change: Partial<HostileSay>): Evidence {
  const [first] = whole.publishes.filter(({ report }) => report === 'status');
  if (!first) throw new Error('nobody sent a heartbeat');
  const { atMs, deviceId, report, hash } = first;
  const said = [{ atMs, deviceId, report, hash, keptAtMs: atMs, cries: [], ...change }];
  return { ...whole, hostile: { said, thieves: new Set() } };
}

const isMeant = ({ record }: Entry, isIt: Meant) => record.kind === 'decided' && isIt(record);
const without = (entry: Entry): Entry => ({ ...entry, record: { kind: 'tick' } });
const later = (entry: Entry, ms: number): Entry => {
  return { ...entry, receivedAt: entry.receivedAt + ms, atMs: entry.atMs + ms };
};
const isAttempt = ({ record: { kind } }: Entry) => kind === 'attempting' || kind === 'outcome';

function raises(condition: Condition): Meant {
  const isIt = (change: Change) => change.type === 'raise' && change.alert.condition === condition;
  return ({ alerts: all = [] }) => all.some(isIt);
}
function notes(what: string): Meant {
  return ({ alerts: all = [] }) => all.some((change) => change.type === 'note' && change.note.what === what);
}
function happens(what: TimelineEntry['what']): Meant {
  return ({ incidents: all = [] }) => all.some(({ timeline }) => timeline.some((one) => one.what === what));
}
/** A rung of a ladder. */
function tells(rung: number): Meant {
  const isIt = ({ what, details }: TimelineEntry) => what === 'rung' && details.rung === rung;
  return ({ incidents: all = [] }) => all.some(({ timeline }) => timeline.some(isIt));
}
const opensFire: Meant = (record) => happens('opened')(record) && raises('smoke')(record);

function raisedFor(condition: Condition): Change[] {
  const records = whole.journal.flatMap(({ record }) => (record.kind === 'decided' ? record : []));
  return records.find(raises(condition))?.alerts ?? [];
}
/** Of the time of that note. */
const sinceThen = (change: Change, other: Change): Change =>
  change.type === 'raise' && other.type === 'note'
    ? { ...change, alert: { ...change.alert, occurredAt: other.note.occurredAt } }
    : change;
const withId = (change: Change, alertId: string): Change =>
  change.type === 'raise' ? { ...change, alert: { ...change.alert, alertId } } : change;
const withCondition = (change: Change, condition: Condition): Change =>
  change.type === 'raise' ? { ...change, alert: { ...change.alert, condition } } : change;
const claimedFor = (incident: Incident, ms: number): Incident =>
  incident.state.phase === 'claimed'
    ? { ...incident, state: { ...incident.state, expiresAt: incident.state.since + ms } }
    : incident;
const goesOnAt = (incident: Incident, nextAt: number): Incident =>
  incident.ladder.phase === 'running' ? { ...incident, ladder: { ...incident.ladder, nextAt } } : incident;

/** Its only channel failed, and the incident is as it was. */
function unreachable(record: DecidedRecord): DecidedRecord {
  const failed = (one: TimelineEntry): TimelineEntry => {
    return { ...one, what: 'undelivered', details: { ...one.details, everyChannel: true } };
  };
  const all = (record.incidents ?? []).map((one) => ({ ...one, timeline: one.timeline.map(failed) }));
  return { ...record, incidents: all };
}

/** Another release comes, and calls people for the fire of the first day. */
function judgedAgain(): Entry[] {
  const fire = whole.journal.find((entry) => isMeant(entry, opensFire));
  const last = whole.journal.at(-1);
  if (!last || fire?.record.kind !== 'decided') return [];
  const started = {
    ...last,
    sequence: last.sequence + 1,
    record: { kind: 'started', version: 'next', downMs: 0 },
  } as const;
  return [started, { ...last, sequence: last.sequence + 2, record: { ...fire.record, version: 'next' } }];
}

const unheard = { atMs: hourMs, what: 'emergency-press', homeId: 'sim1-004', deviceId: 'sim1-004-button' } as const;

/** The first message that is meant is heard a second time. */
function alsoHeard(isIt: (heard: Heard) => boolean, change: Partial<Heard>): Evidence {
  const again = whole.messages.filter(isIt).slice(0, 1);
  return { ...whole, messages: [...whole.messages, ...again.map((heard) => ({ ...heard, ...change }))] };
}

function messageOf(index: number): Heard {
  const [first] = whole.messages;
  if (!first) throw new Error('nobody heard anything');
  return { ...first, notice: { ...first.notice, noticeId: `notice ${index}` }, atMs: hourMs + index };
}

function changed<T>(list: readonly T[], index: number, change: Partial<T>): T[] {
  return list.map((one, at) => (at === index ? { ...one, ...change } : one));
}
const twice = <T>(list: readonly T[]): T[] => list.flatMap((one) => [one, one]);

function copied(rows: Partial<Evidence['store']['copied']>): Evidence {
  const { copied: before, anew } = whole.store;
  return { ...whole, store: { copied: { ...before, ...rows }, anew } };
}
