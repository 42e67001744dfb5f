import type { Entry, Evidence, Publish, Truth } from './evidence.ts';
import {
  type Decision,
  decisionsOf,
  type EntryOf,
  fieldsOf,
  isOfHome,
  isUrgent,
  keyOfPublish,
  once,
  type Raised,
  raisedIn,
  reportsByKey,
  type Step,
  stepsOf,
} from './reading.ts';

/**
 * What became of something that happened: what its device sent, what of it stands in the journal, and what followed. `cries`: the
 * records of it that say that help is needed, not that it is over. `isNews`: the first of them led to an alert of its own, or made
 * one stronger. `incidents`: those that it is in. `isPartlyLost`: the system took some of it, and lost it with its machine.
 */
export type Account = {
  index: number;
  truth: Truth;
  publishes: Publish[];
  kept: EntryOf<'report'>[];
  cries: EntryOf<'report'>[];
  isNews: boolean;
  incidents: Step[][];
  isPartlyLost: boolean;
};

/** The accounts of what happened, of some kinds. */
export function accountsOf(evidence: Evidence, ...kinds: Truth['what'][]): Account[] {
  return allAccounts(evidence).filter(({ truth }) => kinds.includes(truth.what));
}

const allAccounts = once((evidence): readonly Account[] => {
  const byTruth = Map.groupBy(evidence.publishes, ({ truth }) => truth);
  const kept = reportsByKey(evidence, isUrgent);
  const decisions = decisionsOf(evidence);
  const byCause = Map.groupBy(decisions, ({ cause }) => cause.sequence);
  const steps = stepsOf(decisions);
  const lost = new Set(evidence.lostTime?.publishes.map(({ truth }) => truth));
  return [...evidence.truth.entries()].map(([index, truth]) => {
    const publishes = byTruth.get(index) ?? [];
    const keys = new Set(publishes.map(keyOfPublish));
    // Little that is left of two reports may be alike; what stood there before anything was sent is of another time.
    const since = Math.min(...publishes.map(({ atMs }) => atMs));
    const alike = [...keys].flatMap((key) => kept.get(key) ?? []);
    const entries = alike.filter(({ atMs }) => atMs >= since).sort((a, b) => a.sequence - b.sequence);
    const own = entries.flatMap(({ sequence }) => byCause.get(sequence) ?? []);
    const cries = entries.filter((entry) => !overs.has(String(fieldsOf(entry)[wordOf[entry.record.report] ?? ''])));
    const alerts = alertsOf({ truth, cries, own, decisions });
    const incidents = [...steps.values()].filter((all) =>
      all.some(({ incident }) => incident.alerts.some(({ alertId }) => alerts.ids.has(alertId))),
    );
    const isPartlyLost = lost.has(index);
    return { index, truth, publishes, kept: entries, cries, isNews: alerts.isNews, incidents, isPartlyLost };
  });
});

/** Where a report says whether it is over, and the words that say so. */
const wordOf: { readonly [report: string]: string } = { alarm: 'state', fall: 'state', press: 'call' };
const overs: ReadonlySet<string> = new Set(['off', 'cancelled', 'cancel', 'test']);

/**
 * The alerts that it led to, or that were noted to stand already; when there is no word of it, those of the same device that stood:
 * an alarm that goes on is the alarm that it was. A record may lead to more: deadlines of others that fell due with it.
 */
function alertsOf({ truth, cries, own, decisions }: Own): { ids: Set<string>; isNews: boolean } {
  const changesIn = ({ record }: Decision) => record.alerts ?? [];
  const newsIn = (decision: Decision) =>
    changesIn(decision).flatMap((change) => {
      if (change.type === 'strengthen') return change.alertId;
      return change.type === 'raise' && isOfTruth(change.alert, truth) ? change.alert.alertId : [];
    });
  const news = own.flatMap(newsIn);
  const noted = own
    .flatMap(changesIn)
    .flatMap((change) =>
      change.type === 'note' && change.note.where.placeId === truth.homeId
        ? [change.note.reason.alertId ?? []].flat().map(String)
        : [],
    );
  const [first] = cries;
  const isNews = own.some((decision) => decision.cause.sequence === first?.sequence && newsIn(decision).length > 0);
  if (isNews || noted.length > 0 || !first) return { ids: new Set([...news, ...noted]), isNews };
  const standing = decisions.filter(({ cause }) => isShortlyBefore(cause, first)).flatMap(raisedIn);
  const same = standing.filter((alert) => isOfTruth(alert, truth) && alert.where.deviceId === truth.deviceId);
  return { ids: new Set([...news, ...same.map(({ alertId }) => alertId)]), isNews };
}

const isOfTruth = ({ condition, where }: Raised, { homeId }: Truth): boolean =>
  where.placeId === homeId && isOfHome(condition);
type Own = { truth: Truth; cries: Entry[]; own: Decision[]; decisions: readonly Decision[] };

/** An alarm lasts 20 min, and one that comes back within 10 min is the same. */
const sameAlarmMs = 35 * 60_000;
const isShortlyBefore = (a: Entry, b: Entry): boolean => a.sequence < b.sequence && b.atMs - a.atMs < sameAlarmMs;

/** What a device had to say is lost for ever when it dies or forgets; that is nobody's fault but its own. */
export function couldNotSend({ truth }: Account, { truth: all }: Evidence): boolean {
  return all.some(
    ({ what, deviceId, atMs }) =>
      deviceId === truth.deviceId && (what === 'battery-death' || (forgets.has(what) && atMs >= truth.atMs)),
  );
}
const forgets: ReadonlySet<string> = new Set(['factory-reset'] satisfies Truth['what'][]);
