import type { JournalRecord } from '../../records/journal-record.ts';
import type { ProviderEntry } from '../../records/providers.ts';
import type { Entry, Evidence, Heard } from './evidence.ts';
import { isClosing } from './reading.ts';

/** How each promise about telephones is broken. */
export function breachesOfTelephones(whole: Evidence): { [invariant: string]: () => Evidence } {
  const [heard] = whole.messages;
  if (!heard) throw new Error('nobody heard anything');
  const rewritten = (change: (record: JournalRecord) => JournalRecord): Evidence => ({
    ...whole,
    journal: whole.journal.map((entry) => ({ ...entry, record: change(entry.record) })),
  });
  return {
    'no provider is given more than its windows allow': () => givenTwice(whole, 0),
    'life safety does not wait behind a provider that refuses': () => {
      const failed = rewritten(neverDelivered);
      return { ...failed, journal: failed.journal.map((entry) => ({ ...entry, record: reachedTwice(entry.record) })) };
    },
    'an answer changes an incident once, for somebody who was told of it': () => rewritten(answeredByAnother),
    'the end is told once': () => rewritten(endedTwice),
    'nothing rings at an emergency number': () => ({
      ...whole,
      messages: [...whole.messages, given(heard, '+86 119', heard.atMs)],
    }),
  };
}

/** Within a minute, by a provider that takes one message an hour to each number. */
export function givenTwice(whole: Evidence, atMs: number): Evidence {
  const heard = whole.messages.slice(0, 1);
  const twice = [atMs, atMs + 60_000].flatMap((at) => heard.map((one) => given(one, '13800000001', at)));
  return {
    ...whole,
    journal: [...whole.journal, providersAfter(whole)],
    messages: [...whole.messages, ...twice],
  };
}

const first: ProviderEntry = {
  ...{ id: 'first', type: 'simulated', medium: 'sms' },
  windows: [{ per: 'target', count: 1, perMs: 3_600_000 }],
};

function providersAfter({ journal }: Evidence): Entry {
  const last = journal.at(-1);
  if (!last) throw new Error('the journal is empty');
  return { ...last, sequence: last.sequence + 1, record: { kind: 'providers', table: [first] } };
}

const given = (heard: Heard, phone: string, atMs: number): Heard => ({
  ...{ ...heard, channel: 'sms:first', atMs, given: { phone, atMs } },
});

const neverDelivered = (record: JournalRecord): JournalRecord =>
  record.kind === 'outcome' ? { ...record, result: 'failed' } : record;

/** Every contact has two ways. */
export function reachedTwice(record: JournalRecord): JournalRecord {
  if (record.kind !== 'command' || record.command.type !== 'registry-part') return record;
  const changes = record.command.changes.map((change) => {
    if (change.type !== 'put' || change.entity !== 'contact') return change;
    return { ...change, value: { ...change.value, channels: [{ type: 'log' as const }, { type: 'log' as const }] } };
  });
  return { ...record, command: { ...record.command, changes } };
}

/** What people did was done by telephone, in the name of somebody whose number it was not. */
function answeredByAnother(record: JournalRecord): JournalRecord {
  if (record.kind === 'decided' && record.incidents) {
    const by = { type: 'contact', id: 'another' } as const;
    const incidents = record.incidents.map((one) => ({
      ...one,
      timeline: one.timeline.map((entry) => (entry.by ? { ...entry, by } : entry)),
    }));
    return { ...record, incidents };
  }
  if (record.kind !== 'command' || !('incidentId' in record.command)) return record;
  const { commandId } = record.command;
  const by = { type: 'system', id: 'sms:first' } as const;
  return {
    kind: 'command',
    command: { type: 'reply', commandId, by, phoneKey: 'of-another', text: '1', answer: 'going', via: 'sms:first' },
  };
}

function endedTwice(record: JournalRecord): JournalRecord {
  if (record.kind !== 'decided' || !record.notices) return record;
  const again = record.notices.filter(isClosing).map((notice) => ({ ...notice, noticeId: `${notice.noticeId} again` }));
  return { ...record, notices: [...record.notices, ...again] };
}
