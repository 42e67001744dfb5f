import { beginning, writeLine } from '../../ingest/audit-lines.ts';
import type { AuditDraft } from '../../records/audit.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { eventTypes } from '../../records/registry.ts';
import type { EventPayload } from '../../responders/events/event-payload.ts';
import type { Entry, Evidence, Told } from './evidence.ts';
import { entriesOf } from './reading.ts';

/** The same days, with a whole account of how incidents ended, and a program elsewhere that heard of each of them. */
export function withOffice(evidence: Evidence): Evidence {
  const journal = evidence.journal.map(withSubscription);
  return { ...evidence, office: true, journal, account: linesFor(draftsOf(evidence)), told: toldOf(evidence) };
}

/** It was entered with the county. */
function withSubscription(entry: Entry): Entry {
  const { record } = entry;
  if (record.kind !== 'command' || record.command.type !== 'registry-part') return entry;
  const value = { id: 'feed', name: 'elsewhere', types: [...eventTypes], url: '', secret: '', paused: false };
  const changes = [...record.command.changes, { type: 'put', entity: 'subscription', value } as const];
  return { ...entry, record: { ...record, command: { ...record.command, changes } } };
}

/** The same days, in which the county, and with it the program elsewhere, was entered when the first incident stood already. */
export function enteredLater(evidence: Evidence): Evidence {
  const whole = withOffice(evidence);
  const opening = entriesOf(whole.journal, 'decided').find(({ record }) => record.incidents)?.sequence ?? 0;
  const later = whole.journal.filter(({ sequence }) => sequence > opening).slice(0, 2);
  const [commit, decision] = later.map(({ sequence }) => sequence);
  const isCommit = ({ record }: Entry) => record.kind === 'command' && record.command.type === 'registry-commit';
  const entered = whole.journal.find(isCommit);
  if (!entered || !commit || !decision) throw new Error('there is no county');
  const result = { commandId: 'county-commit', result: { ok: true } } as const;
  const records = new Map<number, JournalRecord>([
    [entered.sequence, { kind: 'tick' }],
    [commit, entered.record],
    [decision, { kind: 'decided', cause: commit, version: 'present', result }],
  ]);
  const isOfBefore = ({ body }: Told) => Number((body.data as { position: string }).position) <= opening;
  return {
    ...whole,
    journal: whole.journal.flatMap((entry) => {
      const record = records.get(entry.sequence) ?? entry.record;
      const isOldAnswer = record === entry.record && record.kind === 'decided' && record.cause === entered.sequence;
      return isOldAnswer ? [] : { ...entry, record };
    }),
    told: whole.told.filter((one) => !isOfBefore(one)),
  };
}

/** How each promise about them is broken. */
export function breachesOfOffice(evidence: Evidence): { [invariant: string]: () => Evidence } {
  const whole = withOffice(evidence);
  const [drafts, { told }] = [draftsOf(evidence), whole];
  const account = (changed: AuditDraft[]): Evidence => ({ ...whole, account: linesFor(changed) });
  const elsewhere = (changed: readonly Told[]): Evidence => ({ ...whole, told: changed });
  return {
    'the account of looks is one chain': () => ({ ...whole, account: whole.account.toSpliced(1, 1) }),
    'who looked or changed something is in the account, once': () => account([...drafts, ...drafts.slice(-1)]),
    'the account says what the journal says': () => account([...drafts, ...drafts.slice(-1).map(ofNothing)]),
    'an event that goes out again has the id that it had': () =>
      elsewhere([...told, ...told.slice(-1).map((one) => ({ ...one, id: 'another' }))]),
    'who subscribed hears of every incident, and of every visit': () => elsewhere(told.slice(-1)),
    'of one incident a program hears in its order': () => elsewhere(told.toReversed()),
    'a program is told what happened, and nothing else': () =>
      elsewhere([...told, { ...saidOf('incident.changed', 'i:never', 1, 1), atMs: 0 }]),
  };
}

const ofNothing = (draft: AuditDraft): AuditDraft => ({ ...draft, sequence: 1 });

function draftsOf({ journal }: Evidence): AuditDraft[] {
  const resolved = new Map(
    entriesOf(journal, 'command').flatMap(({ record: { command } }) =>
      command.type === 'resolve' ? [[command.commandId, command] as const] : [],
    ),
  );
  return entriesOf(journal, 'decided').flatMap(({ record, sequence, receivedAt: at }) => {
    const command = resolved.get(record.result?.commandId ?? '');
    if (!command) return [];
    const of = { type: 'incident', id: command.incidentId };
    return { at, journal: 'j', sequence, by: `account:${command.by.id}`, what: 'resolved' as const, of };
  });
}

function linesFor(drafts: readonly AuditDraft[]): string[] {
  let end = beginning;
  return drafts.map((draft) => {
    const line = writeLine(end, draft);
    end = line.end;
    return line.text;
  });
}

function toldOf({ journal }: Evidence): Told[] {
  return entriesOf(journal, 'decided').flatMap(({ record, sequence, atMs }) =>
    (record.incidents ?? []).map(({ incident: { incidentId, version }, timeline }) => {
      const isOpened = timeline.some(({ what }) => what === 'opened');
      return { ...saidOf(isOpened ? 'incident.opened' : 'incident.changed', incidentId, version, sequence), atMs };
    }),
  );
}

function saidOf(type: EventPayload['type'], incidentId: string, version: number, sequence: number): Omit<Told, 'atMs'> {
  const data = { incidentId, version, position: String(sequence) };
  const body = { type, timestamp: '', data } as unknown as EventPayload;
  return { id: `${type} ${incidentId} ${sequence}`, body, arrived: true, answer: 200 };
}
