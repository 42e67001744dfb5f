import type { Command } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import type { OutcomeRecord } from '../../records/journal-record.ts';
import type { Notice } from '../../records/notice.ts';
import type { Evidence } from './evidence.ts';
import { type Attempt, attemptsOf, type Decision, isClosing, issuedIn, waysTo } from './reading.ts';
import { nextTryAt } from './written-schedule.ts';

/** When a message had no more to be tried, and why. `perhaps`: there may just be time for one more. */
export type End = {
  atMs: number;
  how: 'delivered' | 'refused' | 'given up' | 'perhaps given up' | 'overtaken' | 'over';
};

/** Of one way: the newest attempt, and when the next one is due at the latest. Epoch ms of the journal. */
type Try = { attempt: number; startedAt?: number; nextAt: number };

/** By notice: the first of its ends. A message without one has to be tried on. */
export function endsOf(evidence: Evidence, decisions: readonly Decision[]): Map<string, End> {
  const ends = new Map<string, End>();
  const end = (noticeId: string, atMs: number, how: End['how']) => {
    const before = ends.get(noticeId);
    if (!before || atMs < before.atMs) ends.set(noticeId, { atMs, how });
  };
  const issued = issuedIn(decisions);
  const attempts = attemptsOf(evidence.journal);
  const waysOf = waysTo(evidence);
  for (const { notice, decision } of issued) {
    const channels = new Map<string, 'open' | 'refused' | 'accepted'>();
    const tries = new Map<string, Try>();
    // A provider's word that it has it is enough where nobody escalates, unless it is a call: nobody may have picked it up.
    const isAwaited = notice.severity === 'critical' && !isClosing(notice);
    const isDone = ({ result, channel }: OutcomeRecord) =>
      result === 'delivered' || (result === 'accepted' && !isAwaited && !channel.startsWith('voice'));
    for (const { record, atMs, receivedAt } of attempts.get(notice.noticeId) ?? []) {
      if (record.kind === 'attempting') {
        channels.set(record.channel, 'open');
        tries.set(record.channel, { attempt: record.attempt, startedAt: receivedAt, nextAt: receivedAt });
        continue;
      }
      const { startedAt, attempt = 0 } = tries.get(record.channel) ?? {};
      if (record.attempt >= attempt)
        tries.set(record.channel, {
          attempt: record.result === 'failed' ? record.attempt + 1 : record.attempt,
          nextAt: nextTryAt(record, { startedAt, failedAt: receivedAt }),
        });
      // A way that was not tried yet is tried at once.
      const nextAt =
        tries.size < waysOf(notice) ? receivedAt : Math.min(...[...tries.values()].map((one) => one.nextAt));
      const isLate = nextAt > notice.at + longestClosingMs;
      if (isDone(record)) end(notice.noticeId, Math.max(atMs, decision.entry.atMs), 'delivered');
      else if (record.final) end(notice.noticeId, atMs, 'given up');
      else if (isClosing(notice) && isLate) end(notice.noticeId, atMs, 'perhaps given up');
      if (record.result === 'refused' || record.result === 'accepted') channels.set(record.channel, record.result);
      const isTriedOn =
        channels.size < waysOf(notice) ||
        [...channels.values()].some((state) => state === 'open' || (state === 'accepted' && isAwaited));
      if (!isTriedOn && record.result !== 'failed')
        end(notice.noticeId, Math.max(atMs, decision.entry.atMs), 'refused');
    }
  }
  overtake(decisions, attempts, end);
  return ends;
}

/**
 * A newer message to the same person about the same incident takes the place of the older one, and the end of an incident that
 * of all but the word of it. That it is held for a person to decide takes the place of what was sent before: what people ask for while it
 * is held, like that a second person agrees, goes out. Whoever answers has read what was sent to them: the line that answers them ends
 * that, and what they ask for on the page.
 */
function overtake(
  decisions: readonly Decision[],
  attempts: ReadonlyMap<string, readonly Attempt[]>,
  end: (noticeId: string, atMs: number, how: End['how']) => void,
): void {
  const latest = new Map<string, Map<string, Notice>>();
  const ladders = new Map<string, Incident['ladder']>();
  const read = (notice: Notice | undefined, { entry, cause }: Decision) => {
    if (!notice || isClosing(notice)) return;
    const wasSent = attempts.get(notice.noticeId)?.some(({ sequence }) => sequence < cause.sequence);
    if (wasSent) end(notice.noticeId, entry.atMs, 'overtaken');
  };
  for (const decision of decisions) {
    const { entry, cause, record } = decision;
    for (const notice of record.notices ?? []) {
      const { incidentId, recipient, purpose } = notice;
      const who = recipient.type === 'contact' ? recipient.contactId : `desk ${recipient.areaId}`;
      const own = latest.get(incidentId) ?? new Map<string, Notice>();
      latest.set(incidentId, own);
      const lines = `reply ${who}`;
      for (const key of purpose === 'reply' ? [lines] : [who, lines]) {
        const before = own.get(key);
        if (before) end(before.noticeId, entry.atMs, 'overtaken');
      }
      if (purpose === 'reply') read(own.get(who), decision);
      own.set(purpose === 'reply' ? lines : who, notice);
    }
    const command = cause.record.kind === 'command' ? cause.record.command : undefined;
    const answering = command && record.result?.result.ok ? whoAnswers(command) : undefined;
    if (answering && command && 'incidentId' in command)
      read(latest.get(command.incidentId ?? '')?.get(answering), decision);
    for (const { incident } of record.incidents ?? []) {
      const { incidentId, state, ladder } = incident;
      const isHeldAnew = isHeldSince(ladder, ladders.get(incidentId));
      ladders.set(incidentId, ladder);
      if (state.phase !== 'resolved' && !isHeldAnew) continue;
      for (const notice of latest.get(incidentId)?.values() ?? [])
        if (!isClosing(notice) && notice.purpose !== 'reply') end(notice.noticeId, entry.atMs, 'over');
    }
  }
}

/** It stays held, whoever asks something of it meanwhile, until a person lets it go, drops it, or the system stands still once more. */
function isHeldSince(now: Incident['ladder'], before: Incident['ladder'] | undefined): boolean {
  return now.phase === 'held' && !(before?.phase === 'held' && before.heldAt === now.heldAt);
}

/** Also by word of the desk. */
function whoAnswers(command: Command): string | undefined {
  if (command.type === 'accept' || command.type === 'decline') return command.contactId;
  return command.type === 'arrive' && command.by.type === 'contact' ? command.by.id : undefined;
}

/** Word that it is over is tried for two hours. */
const longestClosingMs = 2 * 3_600_000;
