import { hash } from 'node:crypto';
import type { AlertChange } from '../../records/alert.ts';
import type { Incident, TimelineEntry } from '../../records/incident.ts';
import type { AttemptingRecord, DecidedRecord, JournalRecord, OutcomeRecord } from '../../records/journal-record.ts';
import type { Notice } from '../../records/notice.ts';
import type { ProviderEntry } from '../../records/providers.ts';
import type { Contact } from '../../records/registry.ts';
import { glassVault } from '../glass-vault.ts';
import type { Entry, Evidence, Publish } from './evidence.ts';
import type { Window } from './faults.ts';

// How the invariants read the evidence: plain lists and maps of what the journal's records say, and nothing that the system itself
// made of them.

/** What was decided, with the record that led to it. */
export type Decision = { entry: Entry; cause: Entry; record: DecidedRecord };

/** What is read off the same evidence by many is read once. */
export function once<T, Of extends object = Evidence>(read: (of: Of) => T): (of: Of) => T {
  const known = new WeakMap<Of, { value: T }>();
  return (of) => {
    const before = known.get(of) ?? { value: read(of) };
    known.set(of, before);
    return before.value;
  };
}

/** In the order of their causes, which is the order in which they were judged. One without a cause is left out. */
export const decisionsOf = once(({ journal }): readonly Decision[] => {
  const decisions = entriesOf(journal, 'decided').flatMap((entry) => {
    const cause = entryAt(journal, entry.record.cause);
    return cause ? [{ entry, cause, record: entry.record }] : [];
  });
  return decisions.sort((a, b) => a.cause.sequence - b.cause.sequence);
});

export function entryAt(journal: readonly Entry[], sequence: number): Entry | undefined {
  const first = journal[0]?.sequence ?? 1;
  const entry = journal[sequence - first];
  return entry?.sequence === sequence ? entry : journal.find((one) => one.sequence === sequence);
}

/** The entries of one kind. */
export function entriesOf<K extends JournalRecord['kind']>(journal: readonly Entry[], kind: K): EntryOf<K>[] {
  return journal.filter((entry): entry is EntryOf<K> => entry.record.kind === kind);
}
export type EntryOf<K extends JournalRecord['kind']> = Entry & { record: Extract<JournalRecord, { kind: K }> };

/** An incident as it was from one decision to the next. */
export type Step = { decision: Decision; incident: Incident; timeline: readonly TimelineEntry[] };

/** By incident, in the order in which it went. */
export const stepsOf = once((decisions: readonly Decision[]): Map<string, Step[]> => {
  const all = decisions.flatMap((decision) =>
    (decision.record.incidents ?? []).map((change): Step => ({ decision, ...change })),
  );
  return Map.groupBy(all, ({ incident }) => incident.incidentId);
});

export type Raised = Extract<AlertChange, { type: 'raise' }>['alert'];
export const raisedIn = ({ record }: Decision): Raised[] =>
  (record.alerts ?? []).flatMap((change) => (change.type === 'raise' ? change.alert : []));

export type Issued = { notice: Notice; decision: Decision };
export const issuedIn = once((decisions: readonly Decision[]): readonly Issued[] =>
  decisions.flatMap((decision) => (decision.record.notices ?? []).map((notice) => ({ notice, decision }))),
);

export type Attempt = Entry & { record: AttemptingRecord | OutcomeRecord };
/** By notice, in the journal's order. */
export const attemptsOf = once((journal: readonly Entry[]): Map<string, Attempt[]> => {
  const isAttempt = (entry: Entry): entry is Attempt =>
    entry.record.kind === 'attempting' || entry.record.kind === 'outcome';
  return Map.groupBy(journal.filter(isAttempt), ({ record }) => record.noticeId);
});

/** Word that it is over. */
export const isClosing = ({ purpose }: Notice): boolean => purpose === 'all-clear' || purpose === 'stand-down';
/** What is tried until it is delivered. */
export const isLifeSafety = (notice: Notice): boolean => notice.severity === 'critical' || isClosing(notice);

const dangers: ReadonlySet<string> = new Set(['smoke', 'heat', 'co', 'gas', 'water']);
const cries: ReadonlySet<string> = new Set(['fall', 'call-emergency']);
export const isDanger = (condition: string): boolean => dangers.has(condition);
export const isCry = (condition: string): boolean => cries.has(condition);
/** Something happened to a person or at home, as far as a device can say; everything else is about devices and the system. */
export const isOfHome = (condition: string): boolean =>
  isDanger(condition) || isCry(condition) || condition === 'unreadable' || condition.startsWith('call-');
/** A life hangs on it, so that only a person ends it. */
export const isOfLife = ({ alerts }: Incident): boolean =>
  alerts.some(({ condition }) => isDanger(condition) || isCry(condition) || condition === 'unreadable');

/** Bytes that came from a device under a name; the same bytes have the same key. */
export const keyOfPublish = ({ deviceId, report, hash }: Pick<Publish, 'deviceId' | 'report' | 'hash'>): string =>
  `${deviceId} ${report} ${hash}`;

/** The report records of the journal, by those keys. */
export function reportsByKey({ journal }: Evidence, isWanted = (_: string) => true): Map<string, EntryOf<'report'>[]> {
  const wanted = entriesOf(journal, 'report').filter(({ record }) => isWanted(record.report));
  return Map.groupBy(wanted, ({ record: { deviceId, report, payload } }) =>
    keyOfPublish({ deviceId, report, hash: hash('sha256', payload, 'hex') }),
  );
}

const urgent: ReadonlySet<string> = new Set(['alarm', 'fall', 'press']);
/** A life hangs on a report of that name. */
export const isUrgent = (report: string): boolean => urgent.has(report);

/** What a report says of itself; nothing, when it is no JSON any more. */
export function fieldsOf({ record: { payload } }: EntryOf<'report'>): { readonly [name: string]: unknown } {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return {};
  }
}

/** Devices whose words are not to be believed, because they are broken, or somebody else has their secret. */
export const untrusted = once(
  ({ hostile }): ReadonlySet<string> => new Set([...hostile.thieves, ...hostile.said.map(({ deviceId }) => deviceId)]),
);

/** Which home a device hangs in. */
export function homesByDevice({ homes }: Evidence): Map<string, string> {
  return new Map(homes.flatMap(({ id, devices }) => devices.map((device) => [device.id, id] as const)));
}

/** Where each contact is reached by a program, as it was entered: several of them may be one person. */
export function addressesOf(evidence: Evidence): Map<string, string> {
  const { unseal } = glassVault();
  return new Map(
    contactsIn(evidence).flatMap(({ id, channels }) => {
      const webhook = channels.find(({ type }) => type === 'webhook');
      const url =
        webhook?.type === 'webhook' && typeof webhook.url === 'object'
          ? unseal(`contact:${id}`, 'channels.*.url', webhook.url)
          : undefined;
      return url === undefined ? [] : [[id, url] as const];
    }),
  );
}

/** What the installation can send by, in the order of preference, as the journal says. */
export function providersIn({ journal }: Evidence): readonly ProviderEntry[] {
  return entriesOf(journal, 'providers').at(-1)?.record.table ?? [];
}

/** The contacts, as they were entered. */
export const contactsIn = once(({ journal }): readonly Contact[] =>
  entriesOf(journal, 'command').flatMap(({ record: { command } }) => {
    if (command.type !== 'registry-part') return [];
    return command.changes.flatMap((change) =>
      change.type === 'put' && change.entity === 'contact' ? change.value : [],
    );
  }),
);

/** How many ways there are to whom a notice goes: each of their channels, by each provider that carries it. */
export function waysTo(evidence: Evidence): (notice: Notice) => number {
  const providers = providersIn(evidence);
  const carriers = (type: string) => Math.max(1, providers.filter(({ medium }) => medium === type).length);
  const ways = new Map(
    contactsIn(evidence).map(({ id, channels }) => {
      return [id, channels.reduce((sum, { type }) => sum + carriers(type), 0)] as const;
    }),
  );
  return ({ recipient, via }) =>
    recipient.type === 'desk' || via !== undefined ? 1 : Math.max(1, ways.get(recipient.contactId) ?? 0);
}

/** What may have been in the way, in order and without overlaps. `alarm`: nobody was there to do it. */
export function hindrances({ troubles, faults }: Evidence, ...kinds: ('alarm' | 'disk' | 'providers')[]): Window[] {
  const of = {
    alarm: () => [
      ...troubles.filter(({ what }) => what === 'alarm-down'),
      ...faults.releases.map(({ atMs }) => ({ fromMs: atMs, toMs: atMs + stoppingMs })),
    ],
    disk: () => [...troubles.filter(({ what }) => what === 'disk'), ...faults.disk.hangs, ...faults.disk.full],
    providers: () => [...troubles.filter(({ what }) => what === 'providers'), ...faults.providers.down],
  };
  return merged(kinds.flatMap((kind) => of[kind]()));
}

/** A process that ends in good order starts nothing more before it is down. */
const stoppingMs = 20_000;

export function merged(windows: readonly Window[]): Window[] {
  const result: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...windows].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}

/** The longest time in the window without anything in the way. `inTheWay` is in order and without overlaps. */
export function longestCalmMs({ fromMs, toMs }: Window, inTheWay: readonly Window[]): number {
  let longest = 0;
  let calmSince = fromMs;
  for (const one of inTheWay) {
    if (one.toMs <= calmSince) continue;
    if (one.fromMs >= toMs) break;
    longest = Math.max(longest, one.fromMs - calmSince);
    calmSince = one.toMs;
  }
  return Math.max(longest, toMs - calmSince);
}

/** How much of the window somebody was in the way. */
export function hinderedMs({ fromMs, toMs }: Window, inTheWay: readonly Window[]): number {
  return inTheWay.reduce((sum, one) => sum + Math.max(0, Math.min(toMs, one.toMs) - Math.max(fromMs, one.fromMs)), 0);
}

/** Journal time runs up to a fiftieth faster or slower than the world's, while it follows a clock that was set. */
export const slewed = 0.03;
