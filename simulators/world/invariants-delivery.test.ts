import { expect, test } from 'vitest';
import type { AttemptingRecord, OutcomeRecord } from '../../records/journal-record.ts';
import type { Notice } from '../../records/notice.ts';
import { reachedTwice } from './breaches-of-telephones.test-support.ts';
import { Chronicle, hourMs, minuteMs, secondMs } from './chronicle.test-support.ts';
import type { Entry, Evidence, Heard } from './evidence.ts';
import { deliveryInvariants } from './invariants-delivery.ts';
import { endsOf } from './notice-ends.ts';
import { decisionsOf, isClosing, issuedIn } from './reading.ts';
import { li } from './two-days.test-support.ts';

const whole = calledAndHelped();
const issued = issuedIn(decisionsOf(whole));
const [alarm, over] = [noticeOf((one) => one.purpose === 'alarm'), noticeOf(isClosing)];

test('word that it is over is tried on by ways that were not tried, and while a way that was tried has time left', () => {
  const twoWays = { ...whole, journal: whole.journal.map((one) => ({ ...one, record: reachedTwice(one.record) })) };
  const endOf = (...tries: Try[]) => {
    const evidence = tried(twoWays, over, tries);
    return endsOf(evidence, decisionsOf(evidence)).get(over.noticeId)?.how;
  };
  const barred: Try[] = [
    [0, { channel: 'log' }],
    [secondMs, { channel: 'log', result: 'refused' }],
  ];
  expect(endOf(...barred)).toBeUndefined();
  const limit = { channel: 'log-2', result: 'failed', trouble: 'limit' } as const;
  expect(endOf(...barred, [2 * secondMs, { ...limit, retryAfterMs: hourMs }])).toBeUndefined();
  expect(endOf(...barred, [2 * secondMs, { ...limit, retryAfterMs: 3 * hourMs }])).toBe('perhaps given up');
  expect(endOf(...barred, [119 * minuteMs, { ...limit, retryAfterMs: 2 * minuteMs }])).toBe('perhaps given up');
  // What is said of the first attempt when the second one is under way changes nothing.
  const again: Try[] = [
    [0, { channel: 'log-2' }],
    [secondMs, { channel: 'log-2', result: 'failed' }],
    [5 * secondMs, { channel: 'log-2', attempt: 2 }],
    [6 * secondMs, { ...limit, retryAfterMs: 3 * hourMs }],
  ];
  expect(endOf(...barred, ...again)).toBeUndefined();
});

test('a limit is waited out by the clock of the journal, which may run slower than the world while it is set right', () => {
  const rests = (restSeconds: number) => {
    const againMs = restSeconds * secondMs;
    const tries: Try[] = [
      [0, { result: 'failed', trouble: 'limit', retryAfterMs: 15 * minuteMs }],
      [againMs, { attempt: 2 }],
      [againMs + secondMs, { attempt: 2, result: 'delivered' }],
    ];
    return says('a critical message does not rest', tried(whole, over, tries));
  };
  expect(rests(918)).toEqual([]);
  expect(rests(960)).toEqual([expect.stringContaining('rested 960 s after attempt 1')]);
});

test('what went out before it was on record, and was decided later after all, rests from then on', () => {
  const rests = (againMs: number) =>
    says(
      'a critical message does not rest',
      tried(whole, alarm, [
        [-20 * minuteMs, { provisional: true }],
        [-19 * minuteMs, { result: 'failed', provisional: true }],
        [againMs, { attempt: 2 }],
        [againMs + secondMs, { attempt: 2, result: 'delivered' }],
      ]),
    );
  expect(rests(secondMs)).toEqual([]);
  expect(rests(minuteMs)).toEqual([expect.stringContaining('rested 60 s after attempt 1')]);
});

test('who is still being called hears that it is over when that attempt has ended, and somebody else at once', () => {
  const waits = (contactId: string) => {
    const recipient = { type: 'contact', contactId } as const;
    const calling: Try[] = [
      [0, {}],
      [15 * secondMs, { result: 'failed' }],
    ];
    const evidence = tried(whole, over, [
      [15 * secondMs, {}],
      [16 * secondMs, { result: 'delivered' }],
    ]);
    const call = { ...alarm, noticeId: `${alarm.noticeId} again`, recipient };
    const journal = evidence.journal.map((one) =>
      one.record.kind === 'decided' && one.record.notices?.includes(over)
        ? { ...one, record: { ...one.record, notices: [...one.record.notices, call] } }
        : one,
    );
    const under = tried({ ...evidence, journal }, { ...call, at: over.at }, calling);
    return says('a critical message does not rest', under).filter((one) => one.startsWith(over.noticeId));
  };
  expect(over.recipient.type === 'contact' && waits(over.recipient.contactId)).toEqual([]);
  expect(waits('somebody-else')).toEqual([expect.stringContaining('rested 15 s before its first attempt')]);
});

test('a message of service may arrive by two ways that were tried beside each other, and by one way once', () => {
  const twice = (again: Partial<Heard>) => {
    const notice = { ...alarm, severity: 'service' } as const;
    const heard = { ...heardOf(notice), channel: 'sms:first', answer: 'accepted', atMs: hourMs } as const;
    return says('a message of service is not doubled', { ...whole, messages: [heard, { ...heard, ...again }] });
  };
  expect(twice({ channel: 'webhook', atMs: hourMs + 4 * secondMs })).toEqual([]);
  expect(twice({ channel: 'webhook', atMs: hourMs + minuteMs })).toHaveLength(1);
  expect(twice({ atMs: hourMs + 4 * secondMs })).toHaveLength(1);
});

test('a message that says several is another one than a message that says the first of them', () => {
  const heard = heardOf(alarm);
  const repeats = (again: Heard) =>
    says('a repeat carries the id of the first', { ...whole, messages: [heard, again] });
  expect(repeats({ ...heard, others: [over], idempotencyId: 'of both' })).toEqual([]);
  expect(repeats({ ...heard, others: [over] })).toHaveLength(1);
  expect(repeats({ ...heard, idempotencyId: 'another' })).toHaveLength(1);
});

/** A call one hour after the start, and help ten minutes later. */
function calledAndHelped(): Evidence {
  const chronicle = new Chronicle();
  chronicle.at(hourMs).report(chronicle.device('002-button'), 'press', { call: 'emergency' });
  chronicle.at(hourMs + 10 * minuteMs).ask({ type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
  return chronicle.at(5 * hourMs).end();
}

function noticeOf(isMeant: (notice: Notice) => boolean): Notice {
  const found = issued.find(({ notice }) => isMeant(notice) && notice.recipient.type === 'contact');
  if (!found) throw new Error('nothing of the kind was sent');
  return found.notice;
}

function heardOf(notice: Notice): Heard {
  const heard = whole.messages.find((one) => one.notice.noticeId === alarm.noticeId);
  if (!heard) throw new Error('nobody heard it');
  return { ...heard, notice };
}

/** So long after the message was decided, ms: an attempt, or, with a result, what became of it. */
type Try = [afterMs: number, Partial<AttemptingRecord> | (Partial<OutcomeRecord> & Pick<OutcomeRecord, 'result'>)];

/** As if that message had been tried in this way alone. */
function tried(evidence: Evidence, { noticeId }: Notice, tries: readonly Try[]): Evidence {
  const decided = evidence.journal.find(
    ({ record }) => record.kind === 'decided' && record.notices?.some((one) => one.noticeId === noticeId),
  );
  if (!decided) throw new Error('it was not decided');
  const rest = evidence.journal.map((entry): Entry => {
    const { record } = entry;
    const isOwn = (record.kind === 'attempting' || record.kind === 'outcome') && record.noticeId === noticeId;
    return isOwn ? { ...entry, record: { kind: 'tick' } } : entry;
  });
  const own = tries.map(([afterMs, said], index): Entry => {
    const named = { noticeId, channel: 'log', attempt: 1 };
    const record: Entry['record'] =
      'result' in said ? { kind: 'outcome', ...named, ...said } : { kind: 'attempting', ...named, ...said };
    const times = { receivedAt: decided.receivedAt + afterMs, atMs: decided.atMs + afterMs };
    return { sequence: rest.length + 1 + index, ...times, record };
  });
  return { ...evidence, journal: [...rest, ...own] };
}

function says(name: string, evidence: Evidence): string[] {
  const meant = deliveryInvariants.find((one) => one.name === name);
  if (!meant) throw new Error(`there is no invariant ${name}`);
  return meant.holds(evidence).map((one) => one.says);
}
