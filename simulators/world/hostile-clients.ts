import { hash } from 'node:crypto';
import type { Keep } from '../../broker/intake.ts';
import { isLifeSafety, lifeSafetyNamedIn } from '../../firmware-contracts/report.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Home } from '../home.ts';
import type { Carry } from '../live-device.ts';
import { between, oneOf } from '../seeded-chance.ts';
import type { HostileSay } from './evidence.ts';
import { type HostileClient, type Said, sayNext } from './hostile.ts';

export type HostileParts = {
  clock: Clock;
  chance: Chance;
  clients: readonly HostileClient[];
  /** Where they hang, one for each, apart from the homes of people. */
  homes: readonly Home[];
  /** Of people: here a thief finds a secret. */
  victims: readonly Home[];
  /** The alarm process, which has checked who they are. */
  deliver: Keep;
  /** Gains everything that they say, and whether it was kept. */
  said: HostileSay[];
};

/**
 * Lets them speak on the world's clock. What is refused they do not send again. `overhears` has to be told what devices of people
 * send: a thief sends it once more, days later, between telemetry of its own.
 */
export function startHostile(parts: HostileParts): {
  thieves: ReadonlySet<string>;
  overhears: (carry: Carry) => Carry;
} {
  const { clock, chance, clients, victims } = parts;
  const overheard = new Map<string, Said[]>();
  for (const [index, client] of clients.entries()) {
    const home = client.manner === 'thief' ? undefined : parts.homes[index];
    const deviceId = home?.devices[0]?.id ?? stolenFrom(oneOf(chance, victims), chance);
    if (client.manner === 'thief') overheard.set(deviceId, []);
    for (let count = 0; count < client.count; count++)
      clock.after(client.fromMs + count * client.everyMs, () => speak(client, count, deviceId, home));
  }

  function speak(client: HostileClient, count: number, deviceId: string, home: Home | undefined): void {
    if (client.manner === 'thief') {
      say(parts, { deviceId, said: thiefSays(overheard.get(deviceId) ?? [], chance) });
      return;
    }
    // A stranger has no home, and another name each time.
    const who =
      client.manner === 'strangers'
        ? { deviceId: `stranger-${deviceId.slice(-12)}-${count}` }
        : { deviceId, homeId: home?.id };
    say(parts, { ...who, said: sayNext(client.manner, count, chance) });
  }

  return {
    thieves: new Set(overheard.keys()),
    overhears: (carry) => (sent) => {
      const known = overheard.get(sent.deviceId);
      const { name } = sent.report;
      // With the test button's word a thief holds up an alarm for three minutes: docs/security.md says so, and no rule can help.
      if (known && known.length < mostOverheard && name !== 'test')
        known.push({ report: name, payload: sent.payload, cries: [] });
      return carry(sent);
    },
  };
}
const mostOverheard = 50;

function stolenFrom({ devices }: Home, chance: Chance): string {
  return oneOf(chance, devices).id;
}

function thiefSays(overheard: readonly Said[], chance: Chance): Said {
  if (overheard.length > 0 && chance.fraction() < 0.5) return oneOf(chance, overheard);
  return sayNext('flood', Math.floor(between(chance, 0, 1e6)), chance);
}

type Speech = { deviceId: string; said: Said; homeId?: string | undefined };
function say({ clock, deliver, said: all }: HostileParts, { deviceId, said, homeId }: Speech): void {
  const { report, payload, cries } = said;
  const standing = deviceId.startsWith('stranger-') ? 'enrolment' : 'registered';
  const line: HostileSay = { atMs: clock.monotonic(), deviceId, report, hash: hash('sha256', payload, 'hex'), cries };
  if (homeId !== undefined) line.homeId = homeId;
  all.push(line);
  const lifeSafety = isLifeSafety(report) || (report === 'batch' && lifeSafetyNamedIn(payload) !== undefined);
  deliver({ deviceId, standing, report, payload }, lifeSafety).then(
    () => {
      line.keptAtMs = clock.monotonic();
    },
    () => {}, // Refused: they do not care.
  );
}
