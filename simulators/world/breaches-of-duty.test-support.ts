import type { Alert } from '../../records/alert.ts';
import type { Command } from '../../records/command.ts';
import type { DecidedRecord, JournalRecord } from '../../records/journal-record.ts';
import type { Contact, RegistryChange, Roster } from '../../records/registry.ts';
import type { Entry, Evidence } from './evidence.ts';

/** How each promise about duties is broken. */
export function breachesOfDuty(whole: Evidence): { [invariant: string]: () => Evidence } {
  return {
    'who can be asked is asked before anybody hears of their silence': () => {
      const [home] = whole.homes;
      const self: Contact = {
        ...{ id: 'self', of: { type: 'person', id: home?.person.id ?? '' }, role: 'self', order: 1, language: 'en' },
        ...{ name: 'self', channels: [{ type: 'log' }] },
      };
      const silent = silenceOf(`${home?.id}-h`, whole);
      return following(
        whole,
        entered({ type: 'put', entity: 'contact', value: self }),
        { kind: 'tick' },
        raising(silent),
      );
    },
    'a desk at which nobody sits is missed, and the township hears of it': () => ({
      ...whole,
      watch: { unwatched: [{ fromMs: 2 * hourMs, toMs: 3 * hourMs }] },
    }),
    'each night the way to people is proved, or an alert says that it was not': () => {
      const [first] = whole.journal;
      const minuteOfDay = (minuteAt((first?.receivedAt ?? 0) + 60_000) + 8 * 60) % 1_440;
      const by = { type: 'system', id: 'drill' } as const;
      const plan: Command = {
        type: 'drill-plan',
        commandId: 'drill-plan',
        by,
        plan: { deviceId: 'button', minuteOfDay },
      };
      const planned = { ...first, record: { kind: 'command', command: plan } } as Entry;
      return { ...whole, journal: [planned, ...whole.journal.slice(1)] };
    },
    'who is off duty is not told in the place of whoever is on duty': () => {
      const told = whole.journal.flatMap(({ record }) => toldFirst(record))[0] ?? '';
      const allDay = { from: '00:00', to: '00:00' } as const;
      const roster: Roster = {
        ...{ id: 'r', name: 'r', of: { type: 'area', id: 'v' }, swaps: [], holidays: [] },
        shifts: [
          { contactId: 'on-duty', ...allDay },
          { contactId: told, ...allDay },
        ],
      };
      const by = { type: 'contact', id: 'on-duty' } as const;
      const step = { type: 'accept', contactId: 'on-duty' } as const;
      const command: Command = { type: 'hand-over', commandId: 'hand-over', by, rosterId: 'r', step };
      const done = (cause: number): DecidedRecord => ({
        ...{ kind: 'decided', cause, version: 'present' },
        result: { commandId: 'hand-over', result: { ok: true } },
      });
      return following(
        whole,
        entered({ type: 'put', entity: 'roster', value: roster }),
        { kind: 'command', command },
        done,
      );
    },
  };
}

/** As if all had stood before the first record. */
function following(whole: Evidence, ...records: (JournalRecord | ((cause: number) => JournalRecord))[]): Evidence {
  const [first] = whole.journal;
  const last = whole.journal.at(-1);
  if (!first || !last) throw new Error('the journal is empty');
  const more = records.map((record, index): Entry => {
    const sequence = last.sequence + 1 + index;
    return { ...first, sequence, record: typeof record === 'function' ? record(sequence - 1) : record };
  });
  return { ...whole, journal: [...whole.journal, ...more] };
}

function entered(change: RegistryChange): JournalRecord {
  const by = { type: 'system', id: 'world' } as const;
  const importId = 'more';
  return {
    kind: 'command',
    command: { type: 'registry-part', commandId: 'more-part', by, importId, part: 0, changes: [change] },
  };
}

const raising =
  (alert: Alert) =>
  (cause: number): DecidedRecord => ({
    kind: 'decided',
    cause,
    version: 'present',
    alerts: [{ type: 'raise', alert }],
  });

function silenceOf(householdId: string, { journal }: Evidence): Alert {
  const at = journal[0]?.receivedAt ?? 0;
  return {
    ...{ alertId: 'inactivity:1', rule: 'inactivity', condition: 'inactivity', severity: 'urgent' },
    ...{ at, occurredAt: at, clock: 'trusted', subject: { type: 'place', id: householdId } },
    ...{ where: { householdId }, reason: {} },
  };
}

function toldFirst(record: JournalRecord): string[] {
  const incidents = record.kind === 'decided' ? (record.incidents ?? []) : [];
  return incidents.flatMap(({ timeline }) =>
    timeline.flatMap(({ what, details: { rung, told } }) =>
      what === 'rung' && rung === 1 && Array.isArray(told) ? told : [],
    ),
  );
}

const minuteAt = (at: number): number => Math.floor(at / 60_000) % 1_440;
const hourMs = 3_600_000;
