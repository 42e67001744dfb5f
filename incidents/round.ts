import type { Alert } from '../records/alert.ts';
import type { Table } from '../records/fold-state.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import type { LocalTime } from '../rules/local-time.ts';
import type { Crew } from './crew.ts';
import type { IncidentTable } from './incident-table.ts';
import type { Silences } from './silences.ts';
import type { Suppressions } from './suppressions.ts';
import type { Turn } from './turn.ts';

/** One step over all incidents: each that it touches has one turn, and leaves one change. */
export type Round = ReturnType<typeof beginRound>;

/** `dueAt`: when the deadline that is being stepped was due; epoch ms, as is `at`. */
export function beginRound(parts: RoundParts, at: number, dueAt = at) {
  const { table, registry, silences, suppressions, crew, localTime, stands } = parts;
  const turns = new Map<string, Turn>();
  return {
    at,
    dueAt,
    table,
    registry,
    silences,
    suppressions,
    localTime,

    /** Of an incident that opens: what was lost may have opened it already, and told people of it under its first versions. */
    firstVersion: (): number => (stands.get('latest')?.restored ? versionsLost + 1 : 1),

    turnOf(incident: Incident): Turn {
      const existing = turns.get(incident.incidentId);
      if (existing) return existing;
      const turn: Turn = { at, dueAt, registry, crew, incident, timeline: [], notices: [], alarms: [] };
      turns.set(incident.incidentId, turn);
      return turn;
    },

    /** What the turn made of its incident is true from now on, also for what comes later in this round. */
    keep(turn: Turn): void {
      table.put(turn.incident);
    },

    /** The system's own alerts that this round has led to so far, once. */
    takeAlarms(): Alert[] {
      return [...turns.values()].flatMap(({ alarms }) => alarms.splice(0));
    },

    touched: (): Turn[] => [...turns.values()],

    answer(): { incidents: IncidentChange[]; notices: Notice[] } {
      const touched = [...turns.values()];
      return {
        incidents: touched.map(({ incident, timeline }) => ({ incident, timeline })),
        notices: touched.flatMap(({ notices }) => notices),
      };
    },
  };
}

/** `localTime`: what the county's clock shows, by which work is gathered. */
export type RoundParts = {
  table: IncidentTable;
  registry: RegistryView;
  crew: Crew;
  silences: Silences;
  suppressions: Suppressions;
  localTime: (at: number) => LocalTime;
  stands: Table<Stand>;
};

/** The last start after which nothing of before went on by itself. */
export type Stand = { at: number; downMs: number; restored?: true };

/** More than an incident goes through between a backup and the day it is put back. */
export const versionsLost = 1_000;
