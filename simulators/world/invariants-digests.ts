import type { Evidence, Heard } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { entriesOf } from './reading.ts';

/** Where many call at once, one message may stand for several: for each that it names, and as far as it came. */
export const digestInvariants: readonly Invariant[] = [
  invariant(5, 'a message about several names each of them', unnamed),
  invariant(5, 'who was told of several in one message was told of each as far as that one came', toldByAnother),
];

function* unnamed({ messages }: Evidence): Iterable<Violation> {
  for (const { notice, others = [], body, atMs } of messages) {
    if (others.length === 0) continue;
    const left = [notice, ...others].find(({ text }) => !body.includes(text.incidentCode));
    if (!left) continue;
    const says = `a message about ${others.length + 1} does not name ${left.text.incidentCode}`;
    yield { says, incidentId: left.incidentId, atMs };
  }
}

/** By what the provider saw. What was sent in time that was lost nobody can look up. */
function* toldByAnother({ journal, messages, lostTime }: Evidence): Iterable<Violation> {
  const sent = Map.groupBy([...messages, ...(lostTime?.messages ?? [])], ({ notice }) => notice.noticeId);
  for (const { record, sequence, atMs } of entriesOf(journal, 'outcome')) {
    const { noticeId, digestOf, channel, result, receipt } = record;
    if (digestOf === undefined || (result !== 'delivered' && result !== 'accepted')) continue;
    const hasCome = ({ arrived, answer }: Heard) =>
      receipt && result === 'delivered' ? arrived : answer === 'delivered' || answer === 'accepted';
    const isBy = (one: Heard) =>
      one.channel === channel && one.others?.some((other) => other.noticeId === noticeId) === true && hasCome(one);
    if (sent.get(digestOf)?.some(isBy)) continue;
    yield { says: `${noticeId} counts as ${result} with ${digestOf}, which did not come so far`, sequence, atMs };
  }
}
