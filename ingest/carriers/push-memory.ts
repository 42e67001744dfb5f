import type { Report } from '../../firmware-contracts/report.ts';
import type { Occurrence } from '../occurrence.ts';
import type { Pushed } from './reports.ts';

/**
 * What is remembered of a device that comes by a carrier. `names`: its last pushes, newest first, a space before
 * each, and behind it `@` and when it was received, journal time in minutes, base 36. `soundsAt`: when it was last heard that it sounds, journal time, epoch ms; absent since it said that all is
 * well.
 */
export type PushMemory = { readonly names: string; readonly soundsAt?: number };
/** A push in which every word means something. */
export type Settled = Exclude<Pushed, { type: 'muted' }>;

/** A platform tries again within hours, in which a detector that sounds is heard every minute at most. */
const mostNames = 48;
/** An alarm that was heard no more for a day is over, as for the rule about fires. */
const forgetMs = 24 * 3_600_000;

/** When a push of this name was last received, epoch ms; undefined when it is none of the last. */
export function pushHeardAt({ names }: PushMemory, name: string): number | undefined {
  const start = names.indexOf(` ${name}@`);
  return start < 0 ? undefined : Number.parseInt(names.slice(start + name.length + 2), 36) * minuteMs;
}
const minuteMs = 60_000;

/**
 * OneNET tries for 2 h 45 min. What has the same name later was not sent again: whoever set its instant has a clock
 * that stands.
 */
export const attemptsMs = 3 * 3_600_000;

/**
 * Takes in a push that was received `at`. A code for `muted` silences an alarm that stands. Without one it is a sign
 * of life: as `hushed` it would be the first word of a fire.
 */
export function settlePush(
  memory: PushMemory | undefined,
  push: { name: string | undefined; said: Pushed[]; at: number },
): { memory: PushMemory; said: Settled[] } {
  let soundsAt = memory?.soundsAt;
  const said = push.said.map((decoded): Settled => {
    if (decoded.type === 'muted')
      return silenced(decoded.source, soundsAt !== undefined && push.at - soundsAt < forgetMs);
    if (decoded.type === 'report' && decoded.report.name === 'alarm')
      soundsAt = decoded.report.state === 'off' ? undefined : push.at;
    return decoded;
  });
  const names = memory?.names ?? '';
  const kept = names.split(' ', mostNames).join(' ');
  const after = {
    names: push.name === undefined ? names : ` ${push.name}@${Math.floor(push.at / minuteMs).toString(36)}${kept}`,
    ...(soundsAt !== undefined && { soundsAt }),
  };
  return { memory: after, said };
}

function silenced(source: Extract<Pushed, { type: 'muted' }>['source'], sounds: boolean): Settled {
  if (sounds) return { type: 'report', report: { name: 'alarm', v: 1, source, state: 'hushed' }, unread: [] };
  return { type: 'report', report: { name: 'status', v: 1 }, unread: ['muted without an alarm'] };
}

/**
 * When it happened. The platform's clock says when it heard of it; how long the device kept it back before that, it
 * does not, unless the device says so (`age`). A platform's time in the future or from weeks ago is not believed.
 * Units: `sentAt` and the result epoch ms.
 */
export function pushedOccurrence({ age }: Report, receivedAt: number, sentAt: number | undefined): Occurrence {
  const underwayMs = sentAt === undefined ? 0 : receivedAt - sentAt;
  const isBelieved = underwayMs > -toleranceMs && underwayMs < oldestMs;
  const delayMs = isBelieved ? Math.max(0, underwayMs) : 0;
  if (age !== undefined) {
    const lateMs = delayMs + Math.round(age * 1000);
    return { occurredAt: receivedAt - lateMs, clock: 'trusted', lateMs };
  }
  const late = delayMs > toleranceMs && { lateMs: delayMs };
  return { occurredAt: receivedAt - delayMs, clock: 'untrusted', ...late };
}

/** Clocks of platforms are set, but not to the second; a minute under way is no news. */
const toleranceMs = 60_000;
/** What a platform may keep while nobody answers is days. */
const oldestMs = 14 * 86_400_000;
