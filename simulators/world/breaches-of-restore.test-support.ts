import type { Incident } from '../../records/incident.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import type { Entry, Evidence } from './evidence.ts';

/** How each promise about a journal that was put back is broken. In these two days that happens wherever only time went by. */
export function breachesOfRestore(whole: Evidence): { [invariant: string]: () => Evidence } {
  const started = { kind: 'started', version: 'present', downMs: 0, restored: { takenAt: 0 } } as const;
  const restored: Evidence = {
    ...whole,
    journal: whole.journal.map((entry) => (entry.record.kind === 'tick' ? { ...entry, record: started } : entry)),
  };
  return {
    'what is old when a backup is put back goes out by no one but people': () => restored,
    'an emergency that is young when a backup is put back goes on': () => ({
      ...restored,
      journal: restored.journal.map((entry) => {
        const { record } = entry;
        const isOfStart = record.kind === 'decided' && isStart(restored, record.cause);
        return isOfStart ? { ...entry, record: allHeld(record) } : entry;
      }),
    }),
    'a message that is late says so': () => ({
      ...whole,
      messages: whole.messages.map(({ notice, ...one }) => {
        return { ...one, notice: { ...notice, text: { ...notice.text, heldMs: 3_600_000 } } };
      }),
    }),
    'what is held can be let go': () => withLetGo(whole),
    'no name of a time that was lost stands for something else': () => ({
      ...whole,
      lostTime: {
        ...{ publishes: [], told: [] },
        messages: whole.messages.map(({ notice, ...one }) => {
          return { ...one, notice: { ...notice, at: notice.at - 1, purpose: 'stand-down' } };
        }),
      },
    }),
  };
}

function isStart({ journal }: Evidence, sequence: number): boolean {
  return journal.some((entry) => entry.sequence === sequence && entry.record.kind === 'started');
}

const heldOf = (incident: Incident): Incident => ({
  ...incident,
  ladder: { phase: 'held', rung: 1, startedAt: 0, cause: 1 },
});

function allHeld(record: Extract<JournalRecord, { kind: 'decided' }>): JournalRecord {
  const incidents = (record.incidents ?? []).map((one) => ({ ...one, incident: heldOf(one.incident) }));
  return { ...record, incidents };
}

/** Somebody lets go what is held, and is refused. */
function withLetGo(whole: Evidence): Evidence {
  const incident = whole.journal
    .flatMap(({ record }) => (record.kind === 'decided' ? (record.incidents ?? []) : []))
    .find((change) => change.incident.state.phase === 'open')?.incident;
  const last = whole.journal.at(-1);
  if (!incident || !last) throw new Error('there is no incident');
  const entries: JournalRecord[] = [
    { kind: 'tick' },
    {
      ...{ kind: 'decided', cause: last.sequence + 1, version: 'present' },
      incidents: [{ incident: heldOf(incident), timeline: [] }],
    },
    {
      kind: 'command',
      command: {
        ...{ type: 'let-go', commandId: 'let-go-1', by: { type: 'account', id: 'li' }, choice: 'send' },
        ...{ incidentId: incident.incidentId, expectedVersion: incident.version },
      },
    },
    {
      ...{ kind: 'decided', cause: last.sequence + 3, version: 'present' },
      result: { commandId: 'let-go-1', result: { ok: false, problem: 'not-allowed', message: 'no' } },
    },
  ];
  const more = entries.map((record, index): Entry => ({ ...last, sequence: last.sequence + 1 + index, record }));
  return { ...whole, journal: [...whole.journal, ...more] };
}
