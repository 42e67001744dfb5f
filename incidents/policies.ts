import { longestPauseSeconds } from '../records/escalation-check.ts';
import type { Incident } from '../records/incident.ts';
import type { Policy, Profile, RegistryView } from '../records/registry.ts';
import { minuteOfDay } from '../records/threshold.ts';
import type { LocalTime } from '../rules/local-time.ts';
import type { Ladders, Rung } from './ladder.ts';

/**
 * The policy that has the word about an incident whose ladder began at that time in the county: of the narrowest scope, one for some
 * conditions before one for all, and one for some hours before one for the day.
 */
export function policyFor(incident: Incident, registry: RegistryView, began: LocalTime): Policy | undefined {
  const fitting = registry.policies(incident.where).filter((policy) => fits(policy, incident, began));
  const [first] = fitting;
  if (!first) return undefined;
  const beside = fitting.filter(({ scope }) => scope.type === first.scope.type && idOf(scope) === idOf(first.scope));
  return beside.sort((a, b) => weight(b) - weight(a) || (a.id < b.id ? -1 : 1))[0];
}

/** A policy as the ladder climbs it: its rungs count from the one before. What was saved before pauses had a bound is held to it. */
export function ladderBy({ id, severity, rungs, repeat, nights }: Policy, otherwise: Ladders['repeat']): Ladders {
  const longestSeconds = severity === 'critical' ? longestPauseSeconds : Infinity;
  const pauseMs = (seconds: number): number => Math.min(seconds, longestSeconds) * 1000;
  const repeats = repeat
    ? { everyMs: pauseMs(repeat.everySeconds), times: repeat.times, thenEveryMs: pauseMs(repeat.thenEverySeconds) }
    : otherwise;
  return {
    policyId: id,
    rungs: rungs.map(
      ({ afterSeconds, tell, inform, desk, channels }, at): Rung => ({
        afterMs: pauseMs(afterSeconds - (rungs[at - 1]?.afterSeconds ?? 0)),
        tell,
        ...(inform && { inform }),
        ...(desk && { desk }),
        ...(channels && { channels }),
      }),
    ),
    ...(repeats && { repeat: repeats }),
    ...(nights === 'in-order' && { inOrder: true as const }),
  };
}

/**
 * What was agreed about somebody who calls often, while it lasts, and of calls alone: with a fall, or a fire, in the incident, everybody
 * is told as ever.
 */
export function profileFor({ where, alerts }: Incident, registry: RegistryView, beganAt: number): Profile | undefined {
  if (!alerts.every(({ condition }) => condition === 'call-emergency')) return undefined;
  // Where two live, a press on the wall may be the other one's.
  const isTheirs = ({ of }: Profile) => of.type === 'household' || of.id === where.personId;
  return registry.profiles(where).find((profile) => profile.until > beganAt && isTheirs(profile));
}

/** The desk and the person first; neighbours after a minute in which nobody claimed, and then as ever. */
export function deskFirst(ladder: Ladders, profileId: string): Ladders {
  const [first, ...others] = ladder.rungs;
  if (!first) return ladder;
  return {
    ...ladder,
    profileId,
    rungs: [{ afterMs: 0, desk: true, tell: [] }, { ...first, afterMs: deskFirstMs }, ...others],
  };
}

const deskFirstMs = 60_000;

const idOf = (scope: Policy['scope']): string => ('id' in scope ? scope.id : '');
const weight = ({ conditions, hours }: Policy): number => (conditions ? 2 : 0) + (hours ? 1 : 0);

function fits({ severity, conditions, hours }: Policy, incident: Incident, began: LocalTime): boolean {
  if (severity !== incident.severity || (hours && !isWithin(hours, began))) return false;
  const called: readonly string[] | undefined = conditions;
  if (called) return incident.alerts.some(({ condition }) => called.includes(condition));
  // What is wrong with devices, villages and the system itself has ladders of its own.
  return incident.category !== 'system' && incident.category !== 'supervision';
}

function isWithin({ from, to }: NonNullable<Policy['hours']>, { minuteOfDay: now }: LocalTime): boolean {
  const [begin, end] = [minuteOfDay(from), minuteOfDay(to)];
  return begin < end ? now >= begin && now < end : now >= begin || now < end;
}
