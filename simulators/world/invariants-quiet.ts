import type { Evidence, Heard, Truth } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import {
  decisionsOf,
  entriesOf,
  hinderedMs,
  hindrances,
  homesByDevice,
  isDanger,
  isOfHome,
  longestCalmMs,
  raisedIn,
  stepsOf,
  untrusted,
} from './reading.ts';

/** Nobody is called where nothing happened, and nobody is called without an end. */
export const quietInvariants: readonly Invariant[] = [
  invariant('rest', 'quiet homes stay quiet', falseAlarms),
  invariant('rest', 'the system complains of what went wrong alone', falseSystemAlarms),
  invariant('rest', 'what was open while the system stood still goes on by no one but people', goesOnByItself),
  invariant(9, 'nobody is flooded with messages', floods),
];

/** Each critical or urgent alert of a home has something behind it, at about the time at which it says that it happened. */
function* falseAlarms(evidence: Evidence): Iterable<Violation> {
  const homes = homesByDevice(evidence);
  const inTheWay = hindrances(evidence, 'alarm', 'disk');
  const byDevice = Map.groupBy(evidence.truth, ({ deviceId }) => deviceId);
  const garbled = new Set(evidence.publishes.filter(({ garbled }) => garbled).map(({ deviceId }) => deviceId));
  for (const decision of decisionsOf(evidence)) {
    for (const { condition, severity, where, alertId, lateMs = 0 } of raisedIn(decision)) {
      const { deviceId } = where;
      if (severity === 'service' || deviceId === undefined || !isOfHome(condition)) continue;
      if (untrusted(evidence).has(deviceId)) continue;
      if (condition === 'unreadable' && garbled.has(deviceId)) continue;
      const { atMs } = decision.cause;
      const isBehind = ({ what, atMs: fromMs, untilMs = fromMs }: Truth) => {
        // What the disk or the server held back is older than it can say.
        const latestMs = untilMs + slackMs + hinderedMs({ fromMs, toMs: atMs }, inTheWay);
        return couldRaise(condition, what) && fromMs - slackMs <= atMs - lateMs && atMs - lateMs <= latestMs;
      };
      if (byDevice.get(deviceId)?.some(isBehind)) continue;
      const says = `${alertId} (${condition}) was raised, and nothing had happened`;
      yield { says, homeId: homes.get(deviceId), sequence: decision.entry.sequence, atMs: decision.entry.atMs };
    }
  }
}
const slackMs = 15 * 60_000;

/** What can lead to an alert of each kind: also a test or a cancelled fall, whose other half may be late or lost. */
function couldRaise(condition: string, what: Truth['what']): boolean {
  if (isDanger(condition)) return what === 'fire' || what === 'test';
  if (condition === 'fall') return what === 'fall' || what === 'fall-cancelled';
  return condition === `call-${what.replace('-press', '')}`;
}

/** A full disk, a person whom no message reached: each has a cause outside; the other alarms of the system have none here. */
function* falseSystemAlarms(evidence: Evidence): Iterable<Violation> {
  const byIncident = Map.groupBy(evidence.messages, ({ notice }) => notice.incidentId);
  const disk = hindrances(evidence, 'disk');
  const away = hindrances(evidence, 'alarm', 'disk');
  const wasCalm = (atMs: number, inTheWay: typeof disk) => {
    const lately = { fromMs: Math.max(0, atMs - latelyMs), toMs: atMs };
    return longestCalmMs(lately, inTheWay) === lately.toMs - lately.fromMs;
  };
  for (const decision of decisionsOf(evidence)) {
    const { sequence, atMs } = decision.entry;
    for (const { condition, reason, alertId } of raisedIn(decision)) {
      const explained = {
        'journal-reserve': () => !wasCalm(atMs, disk),
        'notice-undelivered': () => {
          const tried = byIncident.get(String(reason.incidentId)) ?? [];
          const asked = tried.filter((one) => one.contactId !== 'desk' && one.atMs < atMs - 60_000);
          return !wasCalm(atMs, away) || asked.length === 0 || asked.some(({ answer }) => answer !== 'delivered');
        },
        'emergency-left-open': () => decision.cause.record.kind === 'started',
        'ladder-empty': () => false,
        'record-quarantined': () => false,
      }[condition as string];
      if (!explained || explained()) continue;
      yield { says: `${alertId} was raised, and nothing explains it`, sequence, atMs };
    }
  }
}
const latelyMs = 5 * 60_000;

/** After two hours without the system no rung is told of what was decided before, until somebody did something, or it became worse. */
function* goesOnByItself(evidence: Evidence): Iterable<Violation> {
  const steps = stepsOf(decisionsOf(evidence));
  for (const start of entriesOf(evidence.journal, 'started').filter(({ record }) => record.downMs >= longStopMs)) {
    for (const [incidentId, all] of steps) {
      if (all[0]?.incident.category === 'system') continue;
      const before = all.findLast(({ decision }) => decision.cause.sequence < start.sequence);
      if (!before || before.incident.state.phase === 'resolved') continue;
      const after = all.filter(({ decision }) => decision.cause.sequence >= start.sequence);
      const words = after.flatMap(({ timeline }) => timeline.map(({ what }) => what));
      const told = words.indexOf('rung');
      if (told === -1 || words.slice(0, told).some((what) => reasonsToGoOn.has(what))) continue;
      yield { says: `${incidentId} went on by itself after a long stop`, incidentId, sequence: start.sequence };
    }
  }
}
const longStopMs = 2 * 3_600_000;
/** What somebody did, or what became worse. */
export const reasonsToGoOn: ReadonlySet<string> = new Set([
  ...(['alert', 'call-again', 'claimed', 'claim-expired', 'released', 'accepted', 'declined', 'reopened'] as const),
  ...(['second-person-asked', 'help-asked', 'held-sent'] as const),
]);

function* floods({ messages }: Evidence): Iterable<Violation> {
  const arrived = messages.filter((one) => one.arrived);
  const to = (one: Heard) => `${one.contactId} of ${one.notice.incidentId}`;
  for (const [who, all] of Map.groupBy(arrived, to)) {
    const firstOfEach = new Map(all.map((one) => [one.notice.noticeId, one.atMs]));
    const times = [...firstOfEach.values()].sort((a, b) => a - b);
    const atMs = times.find((time, index) => (times[index + mostAnHour] ?? Infinity) - time <= hourMs);
    if (atMs !== undefined) yield { says: `more than ${mostAnHour} messages in an hour to ${who}`, atMs };
  }
}
const hourMs = 3_600_000;
/** The ladder sounds the desk every two minutes for an hour, and each of 20 alerts is told once. */
const mostAnHour = 60;
