import type { Alert } from '../records/alert.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import type { LocalTime } from '../rules/local-time.ts';
import type { IncidentTable } from './incident-table.ts';
import type { Silences } from './silences.ts';
import type { Turn } from './turn.ts';

/** One step over all incidents: each that it touches has one turn, and leaves one change. */
export type Round = ReturnType<typeof beginRound>;

/** `dueAt`: when the deadline that is being stepped was due; epoch ms, as is `at`. */
export function beginRound({ table, registry, silences, localTime }: RoundParts, at: number, dueAt = at) {
  const turns = new Map<string, Turn>();
  return {
    at,
    dueAt,
    table,
    registry,
    silences,
    localTime,

    turnOf(incident: Incident): Turn {
      const existing = turns.get(incident.incidentId);
      if (existing) return existing;
      const turn: Turn = { at, dueAt, registry, incident, timeline: [], notices: [], alarms: [] };
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
  silences: Silences;
  localTime: (at: number) => LocalTime;
};
