import { deskIsEmpty } from '../records/desk-watch.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { RegistryView } from '../records/registry.ts';
import type { LocalTime } from '../rules/local-time.ts';
import type { HandOvers } from './hand-overs.ts';
import type { IncidentTable } from './incident-table.ts';
import { onDuty } from './roster.ts';

/**
 * What the ladder asks about those who answer for a home, besides what the registry says of them: who is on duty, who was woken how
 * often, who is on the way elsewhere, and whether somebody watches at the desk. `at`, `before`: epoch ms.
 */
export type Crew = {
  local(at: number): LocalTime;
  onDuty(rosterId: string, at: number): readonly string[];
  /** In how many incidents they were called in the seven nights before this one. */
  nightCalls(contactId: string, before: number): number;
  isElsewhere(contactId: string, incidentId: string): boolean;
  isDeskEmpty(areaId: string | undefined): boolean;
  /** They are called now. */
  noteCalled(contactId: string, incidentId: string, at: number): void;
};

/** By rosters alone: what is expected of a night in which nothing else has happened. */
export function expectedCrew(registry: RegistryView, localTime: (at: number) => LocalTime): Crew {
  return {
    local: localTime,
    onDuty(rosterId, at) {
      const roster = registry.roster(rosterId);
      return roster ? onDuty(roster, localTime(at)) : [];
    },
    nightCalls: () => 0,
    isElsewhere: () => false,
    isDeskEmpty: () => false,
    noteCalled: () => {},
  };
}

/** As the fold knows it. Bounds: a row a contact who was called at night, of at most `mostCalls`. */
export function createCrew({ state, registry, localTime, table, handOvers }: CrewParts): Crew {
  const rows = state.table<NightCall[]>('night-calls');
  return {
    local: localTime,
    onDuty: (rosterId, at) => handOvers.onDuty(rosterId, at),
    nightCalls: nightCallsIn(state),
    isElsewhere: (contactId, incidentId) => table.takenBy(contactId).some((other) => other !== incidentId),
    isDeskEmpty: (areaId) => deskIsEmpty(state, areaId, registry),
    noteCalled(contactId, incidentId, at) {
      if (!isNight(localTime(at))) return;
      const calls = (rows.get(contactId) ?? []).filter((one) => one.at > at - nightsMs);
      if (calls.some((one) => one.incidentId === incidentId)) return;
      rows.set(contactId, [...calls, { at, incidentId }].slice(-mostCalls));
    },
  };
}

/** What is on record of nights. */
export function nightCallsIn(state: FoldState): Crew['nightCalls'] {
  const rows = state.table<NightCall[]>('night-calls');
  return (contactId, before) =>
    (rows.get(contactId) ?? []).filter(({ at }) => at < before - tonightMs && at > before - nightsMs).length;
}

/** From 22:00 to 06:00. */
export const isNight = ({ minuteOfDay }: LocalTime): boolean => minuteOfDay >= 22 * 60 || minuteOfDay < 6 * 60;

type CrewParts = {
  state: FoldState;
  registry: RegistryView;
  localTime: (at: number) => LocalTime;
  table: Pick<IncidentTable, 'takenBy'>;
  handOvers: Pick<HandOvers, 'onDuty'>;
};
type NightCall = { at: number; incidentId: string };

const nightsMs = 7 * 24 * 3_600_000;
/** Whoever is up already tonight stays first: it would only lose a minute to wake another. */
const tonightMs = 12 * 3_600_000;
const mostCalls = 100;
