import type { Chance } from '../../platform/random.ts';
import { between } from '../seeded-chance.ts';
import type { Asked, Evidence, Heard, HostileSay, Publish, Sent, Told, Truth } from './evidence.ts';
import { type FaultPlan, type Restore, withRestore } from './faults.ts';

/**
 * What was kept, said and answered between a backup and the loss of its machine. The journal that goes on from the backup knows nothing
 * of it, and no promise can be kept about it, but that no name of it stands for something else afterwards.
 */
export type LostTime = {
  /** Their devices do not say it again. */
  publishes: readonly Publish[];
  messages: readonly Heard[];
  told: readonly Told[];
};

/** A backup is the more telling the more there is in hand: it is taken when somebody has just called, if there is a call in time. */
export function lostNearCall(faults: FaultPlan, truth: readonly Truth[], chance: Chance): FaultPlan {
  const { restore, stormMs } = faults;
  if (!restore) return faults;
  const { takenAtMs, lostAtMs, backAtMs } = restore;
  const call = truth.find(({ what, atMs }) => calls.has(what) && atMs >= takenAtMs);
  const byMs = call ? Math.round(call.atMs + between(chance, 0.2, 8) * 60_000 - takenAtMs) : 0;
  if (backAtMs + byMs > stormMs - 3_600_000) return faults;
  const later = { takenAtMs: takenAtMs + byMs, lostAtMs: lostAtMs + byMs, backAtMs: backAtMs + byMs };
  return withRestore(faults, later);
}
const calls: ReadonlySet<string> = new Set(['fire', 'emergency-press', 'fall'] satisfies Truth['what'][]);

type Witnesses = {
  publishes: readonly Publish[];
  hostile: { said: readonly HostileSay[]; thieves: ReadonlySet<string> };
  messages: readonly Heard[];
  told: readonly Told[];
  asked: readonly Asked[];
  sent: readonly Sent[];
};

/** Takes the lost time out of what everybody knows. Without a restore nothing is lost. */
export function withoutLostTime(all: Witnesses, restore: Restore | undefined): Witnesses & Pick<Evidence, 'lostTime'> {
  const { publishes, hostile, messages, told, asked, sent } = all;
  if (!restore) return { publishes, hostile, messages, told, asked, sent };
  const isLost = (atMs: number | undefined) =>
    atMs !== undefined && atMs >= restore.takenAtMs && atMs < restore.lostAtMs + underWayMs;
  const isPublishLost = ({ keptAtMs }: { keptAtMs?: number }) => isLost(keptAtMs);
  const isHeardLost = ({ atMs }: { atMs: number }) => isLost(atMs);
  return {
    publishes: publishes.filter((one) => !isPublishLost(one)),
    hostile: { ...hostile, said: hostile.said.filter((one) => !isPublishLost(one)) },
    messages: messages.filter((one) => !isHeardLost(one)),
    told: told.filter((one) => !isHeardLost(one)),
    asked: asked.filter(({ answeredAtMs }) => !isLost(answeredAtMs)),
    sent: sent.filter(({ sentAtMs }) => !isLost(sentAtMs)),
    lostTime: {
      publishes: publishes.filter(isPublishLost),
      messages: messages.filter(isHeardLost),
      told: told.filter(isHeardLost),
    },
  };
}

/** What was on its way when the machine was lost arrives within this; nothing else is there for longer. */
const underWayMs = 60_000;
