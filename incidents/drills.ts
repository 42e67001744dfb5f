import type { Alert, AlertChange } from '../records/alert.ts';
import { carrierOf, waysOf } from '../records/channel-names.ts';
import type { CommandResult, DrillPlan } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { providersOf } from '../records/providers.ts';
import type { Contact, RegistryView } from '../records/registry.ts';
import type { LocalTime } from '../rules/local-time.ts';
import { codeFor } from './code.ts';
import { noticeIdOf } from './notices.ts';

/**
 * The nightly drill: a simulated button is tried, and when that was heard, one message goes to the contacts of its household by each of
 * their ways. Whatever has not arrived in time is an alert, until a later drill goes well.
 * waiting for the press -> pressed (messages under way) -> proved, or failed at `dueAt`; what arrives later still counts.
 * Shapes: the tables `drill-plan`, `drill` (the latest), `drill-proofs` (by channel) and `drill-alert`. Units: epoch ms of journal time.
 * Source: docs/operation.md, "Drills".
 */
export function createDrills({ state, registry, localTime, hasCode }: DrillParts) {
  const plans = state.table<Plan>('drill-plan');
  const drills = state.table<Drill>('drill');
  const proofs = state.table<number>('drill-proofs');
  const alerts = state.table<string>('drill-alert');

  const latest = (): Drill | undefined => drills.get('latest');
  const isOpen = (drill: Drill | undefined): drill is Drill => drill?.phase === 'waiting' || drill?.phase === 'pressed';

  function clear(at: number): AlertChange[] {
    const alertId = alerts.get('standing');
    alerts.delete('standing');
    return alertId === undefined ? [] : [{ type: 'clear', alertId, at, reason: {} }];
  }

  function begin(plan: Plan, at: number): void {
    plans.set('plan', { ...plan, nextAt: nextNight(plan.minuteOfDay, at, localTime) });
    const count = (latest()?.count ?? 0) + 1;
    drills.set('latest', { count, phase: 'waiting', beganAt: at, dueAt: at + windowMs, missing: [] });
  }

  function fail(drill: Drill, plan: Plan, at: number): AlertChange[] {
    const { phase, count, beganAt, missing } = drill;
    const channels = [...new Set(missing.map(({ channel }) => channel))];
    const isWhole = phase === 'waiting' || [...proofs.values()].every((provedAt) => provedAt < beganAt);
    const what = phase === 'waiting' ? 'not-heard' : channels.length === 0 ? 'no-address' : 'not-arrived';
    const alertId = `drill-failed:${count}:${beganAt}`;
    const alert: Alert = {
      ...({ alertId, rule: 'drill', condition: 'drill-failed', severity: isWhole ? 'critical' : 'urgent' } as const),
      ...({
        at,
        occurredAt: at,
        clock: 'trusted',
        subject: { type: 'system', id: 'drill-failed' },
        where: {},
      } as const),
      reason: { what, since: beganAt, deviceId: plan.deviceId, ...(channels.length > 0 && { channels }) },
    };
    drills.set('latest', { ...drill, phase: 'failed' });
    const before = clear(at);
    alerts.set('standing', alertId);
    return [...before, { type: 'raise', alert }];
  }

  /** One for each way of each contact, named apart, so that none overtakes the other. */
  function messagesOf({ deviceId }: Plan, { count, dueAt }: Drill, at: number): { notice: Notice; channel: string }[] {
    const { placeId } = registry.whereabouts(deviceId);
    return addressees(registry, deviceId).flatMap((contact) =>
      waysOf(contact.channels, providersOf(state)).map(({ name, carrier: channel }) => {
        const incidentId = `${drillName}${name}`;
        const recipient = { type: 'contact', contactId: contact.id } as const;
        const noticeId = noticeIdOf({ incidentId, cause: count, rung: 0, recipient });
        const incidentCode = codeFor(noticeId, hasCode);
        const about = { condition: 'drill', incidentCode, openedAt: at, occurredAt: at, deviceId, alertCount: 0 };
        const text = { ...about, placeIds: placeId === undefined ? [] : [placeId], rooms: [] };
        const words = { incidentId, purpose: 'drill', severity: 'urgent', rung: 0, via: name, until: dueAt } as const;
        return { channel, notice: { noticeId, recipient, at, ...words, text } };
      }),
    );
  }

  return {
    /** From here on, or no more. What is said again changes nothing. */
    plan({ plan }: DrillPlan, at: number): { result: CommandResult; alerts: AlertChange[] } {
      const result = { ok: true } as const;
      const before = plans.get('plan');
      if (!plan) {
        for (const table of [plans, drills, proofs]) for (const key of [...table.keys()]) table.delete(key);
        return { result, alerts: clear(at) };
      }
      const isSame = before?.deviceId === plan.deviceId && before.minuteOfDay === plan.minuteOfDay;
      if (!isSame) plans.set('plan', { ...plan, nextAt: nextNight(plan.minuteOfDay, at, localTime) });
      return { result, alerts: [] };
    },

    /** The button was tried, by its note: what goes out now. */
    hear(changes: readonly AlertChange[], at: number): Notice[] {
      const [plan, drill] = [plans.get('plan'), latest()];
      if (!plan || drill?.phase !== 'waiting') return [];
      const isPressed = changes.some(
        (change) =>
          change.type === 'note' && change.note.what === 'call-test' && change.note.where.deviceId === plan.deviceId,
      );
      if (!isPressed) return [];
      const messages = messagesOf(plan, drill, at);
      const missing = messages.map(({ notice: { noticeId }, channel }) => ({ noticeId, channel }));
      drills.set('latest', { ...drill, phase: 'pressed', missing });
      return messages.map(({ notice }) => notice);
    },

    /** What became of a message. Of an e-mail, and of what no receipt follows, more than that it was taken is never known. */
    outcome({ noticeId, channel, result, messageId }: OutcomeRecord, at: number): AlertChange[] {
      const drill = latest();
      const message = drill?.missing.find((one) => one.noticeId === noticeId);
      if (!drill || !message) return [];
      const isLastWord = messageId === undefined || carrierOf(channel).startsWith('email:');
      if (result !== 'delivered' && !(result === 'accepted' && isLastWord)) return [];
      proofs.set(message.channel, at);
      const missing = drill.missing.filter((one) => one !== message);
      const isOver = missing.length === 0;
      drills.set('latest', { ...drill, missing, ...(isOver && { phase: 'proved' as const }) });
      return isOver ? clear(at) : [];
    },

    /** Nobody could be heard for so long: what is under way has that much longer. */
    rebase(ms: number): void {
      const drill = latest();
      if (ms > 0 && isOpen(drill)) drills.set('latest', { ...drill, dueAt: drill.dueAt + ms });
    },

    nextDeadline(): number | undefined {
      const [plan, drill] = [plans.get('plan'), latest()];
      if (!plan) return undefined;
      return isOpen(drill) ? Math.min(plan.nextAt, drill.dueAt) : plan.nextAt;
    },

    /** `now`: when that happens; a night that was slept through is made up for once, from now. */
    fire(dueAt: number, now: number): { alerts: AlertChange[]; notices: Notice[] } {
      const [plan, drill] = [plans.get('plan'), latest()];
      if (!plan) return { alerts: [], notices: [] };
      const failed = isOpen(drill) && drill.dueAt <= dueAt ? fail(drill, plan, now) : [];
      if (plan.nextAt <= dueAt) begin(plan, now);
      return { alerts: failed, notices: [] };
    },

    /** The device whose button is to be tried now, and since when. */
    waitsFor(): { deviceId: string; since: number } | undefined {
      const [plan, drill] = [plans.get('plan'), latest()];
      return plan && drill?.phase === 'waiting' ? { deviceId: plan.deviceId, since: drill.beganAt } : undefined;
    },

    planned: (): DrillPlan['plan'] => {
      const plan = plans.get('plan');
      return plan && { deviceId: plan.deviceId, minuteOfDay: plan.minuteOfDay };
    },

    /** How the latest went, and when each way was last proved: also of those that never were. Nothing, when none are planned. */
    report(): DrillReport | undefined {
      const [plan, drill] = [plans.get('plan'), latest()];
      if (!plan) return undefined;
      const own = addressees(registry, plan.deviceId).flatMap(({ channels }) => waysOf(channels, providersOf(state)));
      const carriers = providersOf(state).map(({ medium, id }) => `${medium}:${id}`);
      const channels = [...new Set([...own.map(({ carrier }) => carrier), ...carriers])].map((channel) => {
        const at = proofs.get(channel);
        return { channel, ...(at !== undefined && { lastProvenAt: at }) };
      });
      const latestOne = drill && { phase: drill.phase, beganAt: drill.beganAt };
      return { nextAt: plan.nextAt, ...(latestOne && { latest: latestOne }), channels };
    },
  };
}

export type Drills = ReturnType<typeof createDrills>;
export type DrillReport = {
  nextAt: number;
  latest?: { phase: Drill['phase']; beganAt: number };
  channels: { channel: string; lastProvenAt?: number }[];
};
type DrillParts = {
  state: FoldState;
  registry: Pick<RegistryView, 'referring' | 'whereabouts'>;
  localTime: (at: number) => LocalTime;
  hasCode: (code: string) => boolean;
};
type Plan = NonNullable<DrillPlan['plan']> & { nextAt: number };
/** `missing`: what has not arrived yet, and the channel that it goes by. */
type Drill = {
  count: number;
  phase: 'waiting' | 'pressed' | 'proved' | 'failed';
  beganAt: number;
  dueAt: number;
  missing: { noticeId: string; channel: string }[];
};

/** The contacts of that household alone: nobody else is to be woken by a drill. */
function addressees(registry: DrillParts['registry'], deviceId: string): readonly Contact[] {
  const { householdId, placeId } = registry.whereabouts(deviceId);
  const own = householdId === undefined ? [] : registry.referring('contact', 'household', householdId);
  const ofPlace = placeId === undefined ? [] : registry.referring('contact', 'place', placeId);
  return [...own, ...ofPlace].slice(0, mostAddressees);
}

/** The next time that the county's clock shows that minute. */
function nextNight(minuteOfDay: number, at: number, localTime: DrillParts['localTime']): number {
  const wait = (minuteOfDay - localTime(at).minuteOfDay + minutesOfDay) % minutesOfDay || minutesOfDay;
  return Math.floor(at / minuteMs) * minuteMs + wait * minuteMs;
}

const drillName = 'drill:';
const minuteMs = 60_000;
const minutesOfDay = 24 * 60;
/** Longer than the last attempt at an urgent message takes, with its receipt. */
const windowMs = 15 * minuteMs;
const mostAddressees = 10;
