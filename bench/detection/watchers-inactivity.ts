import type { PresenceReport } from '../../firmware-contracts/presence-sensor.ts';
import type { AlertChange } from '../../records/alert.ts';
import type { Device, Person } from '../../records/registry.ts';
import type { ReportEvent, RuleEvent } from '../../rules/event.ts';
import type { Home } from '../../rules/home.ts';
import { type Inactivity, inactivity } from '../../rules/inactivity/inactivity.ts';
import type { InactivitySettings } from '../../rules/inactivity/inactivity-settings.ts';
import { type LifeSigns, noSigns, signOf, withSign } from '../../rules/life/life-signs.ts';
import { unknownHome } from '../../rules/watch.test-support.ts';
import type { Watcher } from './measure-inactivity.ts';
import type { RecordedSign } from './recordings-inactivity.ts';

/** The product's own rule, with the settings that it ships with. The person is asked first, and does not answer. */
export function shippedWatcher(settings: InactivitySettings = inactivity.settings): Watcher<Lived> {
  return {
    name: 'shipped',
    hear(before = { state: inactivity.initial, life: noSigns }, sign) {
      const asked: number[] = [];
      const quiet = runUntil(before, sign.at, settings, asked);
      return [stepped(quiet, eventOf(sign), settings, asked), asked];
    },
    toldAt(lived) {
      const { phase } = lived.state;
      if (phase === 'asked' || phase === 'alerted' || phase === 'unwatched') return undefined;
      return runUntil(lived, Number.POSITIVE_INFINITY, settings, []).toldAt;
    },
  };
}

/** What was told last, as far as it was told. */
type Lived = { state: Inactivity; life: LifeSigns; toldAt?: number };

/** Every deadline up to `at`; the moments at which the person was asked are added to `asked`. */
function runUntil(lived: Lived, at: number, settings: InactivitySettings, asked: number[]): Lived {
  for (let now = lived; ; ) {
    const dueAt = inactivity.deadline(now.state, settings);
    if (dueAt === undefined || dueAt > at) return now;
    now = stepped(now, { type: 'tick', at: dueAt, where }, settings, asked);
  }
}

function stepped(lived: Lived, event: RuleEvent, settings: InactivitySettings, asked: number[]): Lived {
  const sign = signOf(event);
  const life = sign ? withSign(lived.life, sign) : lived.life;
  const [state, changes] = inactivity.step(lived.state, event, settings, homeWith(life, event.at));
  const { at: toldAt } = changes.find(isRaise)?.alert ?? {};
  for (const change of changes) if (change.type === 'prompt') asked.push(change.prompt.at);
  return { state, life, ...(toldAt !== undefined && { toldAt }) };
}
const isRaise = (change: AlertChange) => change.type === 'raise';

const where = { householdId: 'recorded', personId: 'resident', placeId: 'home' };
const resident: Person = { id: 'resident', householdId: 'recorded', name: 'resident', categories: [], language: 'en' };
const sensor: Device = {
  id: 'sensor',
  kind: 'presence-sensor',
  placeId: 'home',
  intervalMinutes: 1440,
  simulated: false,
};

/** One person and sensors that never fall silent: that is what the recordings say of their homes. */
const homeWith = (life: LifeSigns, at: number): Home => ({
  ...unknownHome,
  people: () => [resident],
  devices: () => [sensor],
  life: () => life,
  standing: () => ({ lastAt: at, silent: false }),
  canAsk: () => true,
  local: (at) => ({
    day: Math.floor(at / dayMs),
    minuteOfDay: Math.floor((at % dayMs) / 60_000),
    weekday: 1,
    month: 1,
  }),
});
const dayMs = 86_400_000;

function eventOf({ at, kind, sensor: deviceId }: RecordedSign): ReportEvent {
  const report: PresenceReport = { v: 1, name: 'presence', source: kind, state: 'on' };
  const times = { at, occurredAt: at, lateMs: 0, clock: 'trusted' } as const;
  return { type: 'report', ...times, causeId: `${deviceId}:${at}`, where: { ...where, deviceId }, report, unread: [] };
}

/** So many hours without a sign, whenever they are. */
export const fixedWatcher = (hours: number): Watcher<number> => ({
  name: `fixed-${hours}h`,
  hear: (lastAt, { at }) => [at, lastAt !== undefined && at > lastAt + hours * hourMs ? [lastAt + hours * hourMs] : []],
  toldAt: (lastAt) => lastAt + hours * hourMs,
});
const hourMs = 3_600_000;

/** A share of the gaps that began in the same hour of the day so far; 12 hours until ten are known. */
export function quantileWatcher(share: number): Watcher<Gaps> {
  const dueAt = ({ lastAt, byHour }: Gaps) => {
    const gaps = byHour[hourOf(lastAt)] ?? [];
    return lastAt + (gaps.length < 10 ? 12 * hourMs : (gaps[Math.floor(share * gaps.length)] ?? 0));
  };
  return {
    name: `quantile-${share * 100}`,
    hear(before, { at }) {
      if (!before) return [{ lastAt: at, byHour: Array.from({ length: 24 }, () => []) }, []];
      const gapMs = at - before.lastAt;
      if (gapMs < leastGapMs) return [{ ...before, lastAt: at }, []];
      const hour = hourOf(before.lastAt);
      const byHour = before.byHour.map((gaps, one) =>
        one === hour && gapMs < 24 * hourMs ? inOrder(gaps, gapMs) : gaps,
      );
      return [{ lastAt: at, byHour }, at > dueAt(before) ? [dueAt(before)] : []];
    },
    toldAt: dueAt,
  };
}
type Gaps = { lastAt: number; byHour: readonly (readonly number[])[] };
const leastGapMs = 15 * 60_000;
const hourOf = (at: number): number => Math.floor((at / hourMs) % 24);
const inOrder = (gaps: readonly number[], gap: number): number[] => [...gaps, gap].sort((a, b) => a - b);
