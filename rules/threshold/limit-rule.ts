import type { Report, ReportName } from '../../firmware-contracts/report.ts';
import type { AlertChange } from '../../records/alert.ts';
import { measured, type Quantity } from '../../records/threshold.ts';
import { earliest, happenedAt } from '../cause.ts';
import type { ReportEvent, RuleEvent, TickEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule, RuleSettings } from '../rule.ts';
import {
  endWatch,
  gapDueAt,
  isBeyond,
  isLone,
  type Limit,
  type LimitWatch,
  raiseStopped,
  stepGap,
  stepReading,
} from './limit-watch.ts';

/**
 * A rule that holds the readings of each device against limits, each for itself (limit-watch.ts). `limitsOf` says which count at a
 * moment, and what no longer counts is dropped and cleared with the next reading. `isJudged`: whether readings can be taken at their word
 * at all now; those that cannot are passed over, as if they had not come. It is asked only when something is or was beyond a limit:
 * nearly every reading of a county is not, and costs next to nothing.
 */
export function limitRule<Settings extends RuleSettings>(words: LimitRuleWords<Settings>): Rule<LimitState, Settings> {
  const { name, settings, ranges, reports, limits = () => none } = words;
  const usual = limits(settings);
  const countingIn = (event: ReportEvent | TickEvent, at: number, current: Settings, home: Home) => {
    return { event, at, limits: current === settings ? usual : limits(current), home };
  };
  return {
    ...{ name, initial, settings, ranges, hears: [...reports, 'device-added', 'device-removed'] },
    subject(event: RuleEvent) {
      if (event.type === 'device-removed' || event.type === 'device-added') return event.deviceId;
      return event.type === 'report' && reports.has(event.report.name) ? event.where.deviceId : undefined;
    },
    deadline: ({ watches }) => earliest(Object.values(watches).map(gapDueAt)),
    rebase: (state, byMs) => ({
      ...state,
      watches: Object.fromEntries(
        Object.entries(state.watches).map(([key, watch]) => [key, { ...watch, staleAt: watch.staleAt + byMs }]),
      ),
    }),
    step(state, event, current, home) {
      switch (event.type) {
        case 'report':
          return onReport(words, state, event, countingIn(event, happenedAt(event), current, home));
        case 'tick':
          return onTick(words, state, event, countingIn(event, event.at, current, home));
        // Where it hangs, or who wears it, may be another from now on; what else is edited changes nothing.
        case 'device-added':
          return state.watchedOf === ownerOf(event) ? [state, []] : ended(state, event.at);
        case 'device-removed':
          return ended(state, event.at);
        default:
          return [state, []];
      }
    },
  };
}

/** Of one device. `watchedOf`: the place and the person that `watches` began with. `stopped`: what was told of quantities whose readings stopped, and stands. `newest`: when the newest reading of a kind of report was taken, where the ledger does not know it. */
export type LimitState = {
  readonly watches: { readonly [key: string]: LimitWatch };
  readonly watchedOf?: string;
  readonly stopped?: Stopped;
  readonly newest?: { readonly [R in ReportName]?: number };
};
type Watches = { [key: string]: LimitWatch };
type Stopped = { [Q in Quantity]?: string };
type Step = [LimitState, AlertChange[]];

export type LimitRuleWords<Settings extends RuleSettings> = Pick<
  Rule<LimitState, Settings>,
  'name' | 'settings' | 'ranges'
> & {
  /** The reports that carry what it measures. */
  reports: ReadonlySet<ReportName>;
  /** The limits that its settings are; made once for those who have none of their own. */
  limits?(settings: Settings): readonly Limit[];
  limitsOf(counting: Counting): readonly Limit[];
  isJudged(counting: Counting): boolean;
};
/** The moment that limits are asked for: `at` is when the reading was taken, or now. `limits`: those of the settings there. */
export type Counting = { event: ReportEvent | TickEvent; at: number; limits: readonly Limit[]; home: Home };

const initial: LimitState = { watches: {} };
const none: readonly Limit[] = [];

function onReport<Settings extends RuleSettings>(
  { limitsOf, isJudged }: LimitRuleWords<Settings>,
  state: LimitState,
  event: ReportEvent,
  counting: Counting,
): Step {
  const { report } = event;
  const isWatched = state.watches !== initial.watches;
  const counted = limitsOf(counting);
  if (counted.length === 0 && !isWatched) return [state, []];
  const isOld = happenedAt(event) < newestOf(state, event, counting.home);
  const noted = noteNewest(state, event, isOld);
  const isQuiet = !isWatched && !counted.some((limit) => isBeyond(readingOf(report, limit), limit));
  if (isQuiet || !isJudged(counting)) return [noted, []];

  const limits = counted.filter((limit) => isOf(limit, report));
  const watched = Object.entries(state.watches).filter(([, watch]) => isOf(watch, report));
  const readings = limits.flatMap((limit) => {
    const observed = readingOf(report, limit);
    return observed === undefined ? [] : [{ limit, observed }];
  });
  const watches: Watches = { ...state.watches };
  const changes: AlertChange[] = [];
  // What was stored on the way says nothing about which limits count now, and about what is known.
  for (const [key, watch] of isOld ? [] : watched) {
    if (!limits.some((limit) => limit.key === key)) changes.push(...drop(watches, key, watch, event.at));
  }
  for (const { limit, observed } of readings) {
    const outcome = stepReading(watches[limit.key], { event, observed, isOld }, limit);
    changes.push(...outcome.changes);
    if (outcome.watch) watches[limit.key] = outcome.watch;
    else delete watches[limit.key];
  }
  const seen = new Set(isOld ? [] : readings.map(({ limit }) => limit.quantity));
  return knownAgain({ watchedOf: ownerOf(event), ...noted, watches }, seen, event.at, changes);
}

function onTick<Settings extends RuleSettings>(
  { limitsOf, isJudged }: LimitRuleWords<Settings>,
  state: LimitState,
  event: TickEvent,
  counting: Counting,
): Step {
  const limits = limitsOf(counting);
  const watches: Watches = { ...state.watches };
  const stopped: Stopped = { ...state.stopped };
  const isSilent = counting.home.standing(event.where.deviceId ?? '')?.silent === true;
  const changes: AlertChange[] = [];
  for (const [key, watch] of Object.entries(state.watches)) {
    if ((gapDueAt(watch) ?? event.at + 1) > event.at) continue;
    const limit = limits.find((one) => one.key === key);
    if (!limit || !isJudged(counting)) {
      changes.push(...drop(watches, key, watch, event.at));
      continue;
    }
    const gap = stepGap(watch, event.at);
    watches[key] = gap.watch;
    changes.push(...gap.changes);
    // Of a device that says nothing at all, its silence is told.
    if (stopped[watch.quantity] !== undefined || isSilent) continue;
    const raised = raiseStopped(watch, event, limit);
    stopped[watch.quantity] = raised.alert.alertId;
    changes.push(raised);
  }
  return knownAgain({ ...state, watches, stopped }, new Set(), event.at, changes);
}

function ended({ watches, stopped = {} }: LimitState, at: number): Step {
  const told = Object.values(stopped).map((alertId) => ({ alertId }));
  const standing = [...Object.values(watches), ...told];
  return [initial, standing.flatMap((one) => endWatch(one, at, { transition: 'watched to unwatched' }))];
}

/** Of the quantities that were `seen`, and of those that nobody asks for any more, it is known again how they are. */
function knownAgain(state: LimitState, seen: ReadonlySet<Quantity>, at: number, changes: AlertChange[]): Step {
  const { stopped: before = {}, ...rest } = state;
  const watches = Object.values(state.watches);
  const stopped: Stopped = {};
  for (const [name, alertId] of Object.entries(before)) {
    const quantity = name as Quantity;
    const standing = watches.filter((watch) => watch.quantity === quantity);
    const isKnown = standing.length === 0 || (seen.has(quantity) && !standing.some(isLone));
    if (!isKnown) stopped[quantity] = alertId;
    else changes.push({ type: 'clear', alertId, at, reason: { transition: 'unknown to known' } });
  }
  if (watches.length === 0) return [state.newest ? { ...initial, newest: state.newest } : initial, changes];
  return [Object.keys(stopped).length > 0 ? { ...rest, stopped } : rest, changes];
}

const ownerOf = ({ where }: RuleEvent): string => `${where.placeId ?? ''}/${where.personId ?? ''}`;

const isOf = ({ quantity }: Pick<Limit, 'quantity'>, { name }: Report): boolean => measured(quantity).report === name;

function readingOf(report: Report, { quantity }: Limit): number | undefined {
  const { report: name, field } = measured(quantity);
  const value = name === report.name ? (report as { [field: string]: unknown })[field] : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** Of a status the ledger knows it, so that a home in which all is well costs no row here. */
function newestOf({ newest }: LimitState, { report, where }: ReportEvent, home: Home): number {
  const known = report.name === 'status' ? home.standing(where.deviceId ?? '')?.saidAt : newest?.[report.name];
  return known ?? Number.NEGATIVE_INFINITY;
}

function noteNewest(state: LimitState, event: ReportEvent, isOld: boolean): LimitState {
  if (isOld || event.report.name === 'status') return state;
  return { ...state, newest: { ...state.newest, [event.report.name]: happenedAt(event) } };
}

function drop(watches: Watches, key: string, watch: LimitWatch, at: number): AlertChange[] {
  delete watches[key];
  return endWatch(watch, at, { transition: `${watch.phase} to unwatched` });
}
