import type { PositionReport } from '../../firmware-contracts/wearable.ts';
import type { Whereabouts } from '../../records/alert.ts';
import { happenedAt } from '../cause.ts';
import type { DeviceCondition, ReportEvent, RuleEvent } from '../event.ts';

/**
 * Something that only a living person does, and when: on the journal's clock (epoch ms), also where it was stored and came late.
 * `personId`: whom it proves; absent in a home of several, where nobody knows who it was. A visit that met somebody proves all.
 */
export type LifeSign = { kind: LifeSignKind; at: number; deviceId?: string; personId?: string };

/**
 * `press`: of a button. `answer`: to a question, or to the device's own. `visit`: somebody was met. `alarm-hushed`: or tested by hand.
 * `door`: opened or closed. `moved`: from one place to another. `motion`: before a sensor. `bed`: got in or out. `worn`: says
 * the device, and lies on a still wrist too.
 */
export type LifeSignKind = (typeof lifeSignKinds)[number];
export const lifeSignKinds = [
  'press',
  'answer',
  'visit',
  'door',
  'motion',
  'bed',
  'worn',
  'moved',
  'alarm-hushed',
] as const;

/** The newest of each kind and person, the newest last. */
export type LifeSigns = { latest: readonly LifeSign[] };

/**
 * What a device last said of itself, and since when that is so (epoch ms). `lastAt`: when it was last heard, to the minute; `saidAt`: what its
 * newest word about itself is of. `testedAt`: when its newest own test with a result was. `testUntil`: a person declared that its alarms are tests
 * until then. `conditions`: what else rules that watch over devices have found and not cleared.
 */
export type DeviceStanding = {
  lastAt: number;
  saidAt?: number;
  silent: boolean;
  batteryLow?: true;
  batteryEmpty?: true;
  testedAt?: number;
  testFailed?: true;
  testUntil?: number;
  worn?: 'yes' | 'no' | 'unknown';
  notWornSinceAt?: number;
  charging?: true;
  chargingSinceAt?: number;
  faults?: readonly string[];
  conditions?: readonly DeviceCondition[];
};

/** How much a sign is worth, from 0 to 1: what a pet, a visitor or the wind can do as well is worth less. */
export const strengthOf = (kind: LifeSignKind): number => strengths[kind];
const strengths: Readonly<Record<LifeSignKind, number>> = {
  press: 1,
  answer: 1,
  visit: 1,
  'alarm-hushed': 0.9,
  door: 0.8,
  moved: 0.7,
  motion: 0.6,
  bed: 0.6,
  worn: 0.2,
};

/** The newest sign since then (exclusive), of at least that strength; of `personId`: that proves this person lives. */
export function newestSign(
  { latest }: LifeSigns,
  {
    personId,
    since = Number.NEGATIVE_INFINITY,
    strength = 0,
  }: { personId?: string; since?: number; strength?: number },
): LifeSign | undefined {
  let newest: LifeSign | undefined;
  for (const sign of latest) {
    if (sign.at <= since || strengths[sign.kind] < strength || (newest && sign.at <= newest.at)) continue;
    if (personId === undefined || sign.personId === personId || sign.kind === 'visit') newest = sign;
  }
  return newest;
}

export const noSigns: LifeSigns = { latest: [] };

/** With one sign more; the same value when it says nothing new. The oldest makes room past `mostSigns`. */
export function withSign(signs: LifeSigns, sign: LifeSign): LifeSigns {
  const { kind, personId } = sign;
  const { latest } = signs;
  const index = latest.findIndex((one) => one.kind === kind && one.personId === personId);
  const before = latest[index];
  if (before && sign.at - before.at < (strengths[kind] < 0.9 ? resolutionMs : 1)) return signs;
  // Who moves about makes the same sign over and over: it stays the newest.
  if (before && index === latest.length - 1) return { latest: latest.with(index, sign) };
  const others = before ? latest.toSpliced(index, 1) : latest.length >= mostSigns ? latest.slice(1) : latest;
  const after = others.findLastIndex(({ at }) => at <= sign.at) + 1;
  return { latest: others.toSpliced(after, 0, sign) };
}

/** Sensors that speak every second cost no more than those that speak now and then; what somebody does by hand is noted to the moment. */
const resolutionMs = 10_000;

/** Nine kinds of three people; beyond that the oldest says least. */
const mostSigns = 27;

/** The sign of life that an event is; undefined: it is none. */
export function signOf(event: RuleEvent): LifeSign | undefined {
  switch (event.type) {
    case 'report':
      return signOfReport(event);
    case 'visit': {
      if (event.result === 'nobody-there') return undefined;
      return { kind: 'visit', at: Math.min(event.visitedAt, event.at), ...whose(event.where) };
    }
    case 'prompt-answered':
      return {
        kind: 'answer',
        at: event.at,
        ...whose(event.personId === undefined ? event.where : { personId: event.personId }),
      };
    default:
      return undefined;
  }
}

function signOfReport(event: ReportEvent): LifeSign | undefined {
  const kind = kindOf(event);
  if (kind === undefined) return undefined;
  const { deviceId, personId } = event.where;
  const at = happenedAt(event);
  if (deviceId === undefined) return { kind, at, ...whose(event.where) };
  return personId === undefined ? { kind, at, deviceId } : { kind, at, deviceId, personId };
}

function kindOf({ report, deviceKind }: ReportEvent): LifeSignKind | undefined {
  switch (report.name) {
    case 'press':
      return 'press';
    case 'fall':
      // The person said no, or got up.
      return report.state === 'cancelled' ? 'answer' : undefined;
    case 'alarm':
      return report.state === 'hushed' ? 'alarm-hushed' : undefined;
    case 'test':
      return report.by === 'self' ? undefined : 'alarm-hushed';
    case 'presence':
      // The end of motion comes when the sensor has waited long enough: nobody moved then.
      return report.source === 'motion' && report.state === 'off' ? undefined : report.source;
    case 'position':
      return isWalk(report) ? 'moved' : undefined;
    case 'status':
      return report.worn === 'yes' && deviceKind === 'wearable' ? 'worn' : undefined;
    default:
      return undefined;
  }
}

function isWalk({ source, speed = 0, accuracy = 0 }: PositionReport): boolean {
  return source === 'gnss' && speed >= walkingMetersPerSecond && accuracy <= fineMeters;
}

/** A slow walk; a receiver that lies still reports less. */
const walkingMetersPerSecond = 0.7;
const fineMeters = 50;

const whose = ({ personId }: Whereabouts): Pick<LifeSign, 'personId'> => (personId === undefined ? {} : { personId });
