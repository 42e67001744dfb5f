import type { Blindness, Harm } from '../../records/alert.ts';
import { isWithdrawn } from '../../records/consent.ts';
import type { Device, Person } from '../../records/registry.ts';
import type { DeviceStanding } from './life-signs.ts';

/** What keeps every device from noticing a harm, and since when the last of them does not; `until`: time alone ends it then (epoch ms). */
export type Blind = { why: Blindness; since: number; until?: number };

/** `watched`, with the moment at which time alone will change it; blind; or without any device that was ever heard. */
export type Watch = { state: 'watched'; until?: number } | ({ state: 'blind' } & Blind) | { state: 'unequipped' };

export type WatchLimits = {
  /** A wearable that is taken off for a wash, or charged over dinner, leaves nobody blind. */
  notWornMs: number;
  chargingMs: number;
};

/** Whether one of these devices would notice that harm to that person at `at`. */
export function watchOf(harm: Harm, person: Person, { devices, isShared, standing, at, limits }: Seen): Watch {
  // Where several households live, a sensor on the wall sees nobody in particular, and no silence is judged by it.
  const own = harm === 'silence' && isShared ? [] : devices.filter((device) => notices(device, harm, person));
  const heard = own.flatMap((device) => {
    const said = standing(device.id);
    return said ? [{ device, said }] : [];
  });
  // What hangs there and was never heard takes nothing away when it is silent; where it is all there is, it is a plan.
  if (heard.length === 0)
    return own.length > 0 ? { state: 'blind', why: 'never-heard', since: at } : { state: 'unequipped' };
  let latest: Blind | undefined;
  let until: number | undefined;
  for (const { device, said } of heard) {
    const hindered = hindranceOf(device, harm, person, { standing: said, at, limits });
    if ('watchesUntil' in hindered) until = Math.max(until ?? 0, hindered.watchesUntil);
    else if (!latest || isShorter(hindered, latest)) latest = hindered;
  }
  if (until !== undefined) return until === Infinity ? { state: 'watched' } : { state: 'watched', until };
  return latest ? { state: 'blind', ...latest } : { state: 'unequipped' };
}

/** The home is blind for as long as the one that is back first; of those that time alone brings not back, the last one counts. */
function isShorter(a: Blind, b: Blind): boolean {
  const [aUntil, bUntil] = [a.until ?? Infinity, b.until ?? Infinity];
  return aUntil < bUntil || (aUntil === bUntil && a.since > b.since);
}

/** Within so long (ms) one of the devices that would notice it should say its first word. */
export const firstWordMs = (harm: Harm, person: Person, devices: readonly Device[]): number =>
  60_000 * Math.min(...devices.filter((one) => notices(one, harm, person)).map((one) => one.intervalMinutes));

type Seen = {
  devices: readonly Device[];
  /** Several households live at the place. */
  isShared: boolean;
  standing: (deviceId: string) => DeviceStanding | undefined;
  at: number;
  limits: WatchLimits;
};

/** Which devices notice what: a detector at the place a fire, what somebody wears their fall, and so on. */
function notices({ kind, personId }: Device, harm: Harm, person: Person): boolean {
  const isTheirs = personId === undefined || personId === person.id;
  switch (harm) {
    case 'fire':
      return kind === 'smoke-detector';
    case 'fall':
    case 'wandering':
      return kind === 'wearable' && isTheirs;
    case 'call':
      return (kind === 'call-button' || kind === 'wearable') && isTheirs;
    case 'silence':
      return kind === 'presence-sensor';
  }
}

type Hindrance = Blind | { watchesUntil: number };

/** An uplink that is lost shows as silence. Whoever declared a test stands by: what the detector says until then calls nobody. */
function hindranceOf(
  { kind }: Device,
  harm: Harm,
  person: Person,
  { standing, at, limits }: { standing: DeviceStanding; at: number; limits: WatchLimits },
): Hindrance {
  if (standing.silent) return { why: 'silent', since: standing.lastAt };
  if (isSenseless(harm, standing)) return { why: 'fault', since: at };
  if (standing.conditions?.includes('tamper')) return { why: 'tamper', since: at };
  if (standing.batteryEmpty) return { why: 'battery-empty', since: at };
  if (harm === 'fire' && standing.testUntil !== undefined && at < standing.testUntil)
    return { why: 'test-window', since: at, until: standing.testUntil };
  if (harm === 'wandering' && isWithdrawn(person, 'location'))
    return { why: 'no-consent', since: person.consents?.location?.at ?? at };
  // A button on a charger can still be pressed.
  if (kind !== 'wearable' || harm === 'call') return { watchesUntil: Infinity };
  const { notWornSinceAt = Infinity, chargingSinceAt = Infinity } = standing;
  if (at >= notWornSinceAt + limits.notWornMs) return { why: 'not-worn', since: notWornSinceAt };
  if (at >= chargingSinceAt + limits.chargingMs) return { why: 'charging', since: chargingSinceAt };
  return { watchesUntil: Math.min(notWornSinceAt + limits.notWornMs, chargingSinceAt + limits.chargingMs) };
}

/**
 * A fault by which it cannot notice that harm, or a test of its own that failed, which is a fault without a code. Codes are the maker's words:
 * one that names no part of its senses is work and leaves nobody blind, or a release that reports a loose clip would call a county.
 */
function isSenseless(harm: Harm, { faults, conditions, testFailed }: DeviceStanding): boolean {
  if (testFailed) return true;
  if (faults === undefined) return conditions?.includes('fault') === true;
  return faults.some((code) => {
    const words = code.toLowerCase();
    return sensesOfAll.concat(senses[harm]).some((sense) => words.includes(sense));
  });
}

/** What makers call that whole device's end, and the parts by which each harm is noticed. */
const sensesOfAll: readonly string[] = ['end-of-life', 'expired', 'sensor', 'test-failed'];
const senses: { readonly [H in Harm]: readonly string[] } = {
  fire: ['chamber', 'smoke', 'optic', 'heat', 'horn', 'sounder'],
  fall: ['accelero', 'motion'],
  call: ['button', 'key'],
  wandering: ['gnss', 'gps'],
  silence: ['pir', 'motion', 'radar', 'contact'],
};
