import type { Notice } from '../../records/notice.ts';
import type { Evidence } from './evidence.ts';
import { attemptsOf, type Decision, isClosing, issuedIn } from './reading.ts';

/** When a message had no more to be tried, and why. `perhaps`: there may just be time for one more. */
export type End = {
  atMs: number;
  how: 'delivered' | 'refused' | 'given up' | 'perhaps given up' | 'overtaken' | 'over';
};

/** By notice: the first of its ends. A message without one has to be tried on. */
export function endsOf({ journal }: Evidence, decisions: readonly Decision[]): Map<string, End> {
  const ends = new Map<string, End>();
  const end = (noticeId: string, atMs: number, how: End['how']) => {
    const before = ends.get(noticeId);
    if (!before || atMs < before.atMs) ends.set(noticeId, { atMs, how });
  };
  const issued = issuedIn(decisions);
  const attempts = attemptsOf(journal);
  for (const { notice, decision } of issued) {
    const channels = new Map<string, 'open' | 'refused' | 'accepted'>();
    for (const { record, atMs, receivedAt } of attempts.get(notice.noticeId) ?? []) {
      if (record.kind === 'attempting') {
        channels.set(record.channel, 'open');
        continue;
      }
      const isLate = receivedAt + steadyMs + timeoutMs > notice.at + longestClosingMs;
      if (record.result === 'delivered') end(notice.noticeId, Math.max(atMs, decision.entry.atMs), 'delivered');
      else if (record.final) end(notice.noticeId, atMs, 'given up');
      else if (isClosing(notice) && isLate) end(notice.noticeId, atMs, 'perhaps given up');
      if (record.result === 'refused' || record.result === 'accepted') channels.set(record.channel, record.result);
      if ([...channels.values()].every((state) => state !== 'open') && record.result !== 'failed')
        end(notice.noticeId, Math.max(atMs, decision.entry.atMs), 'refused');
    }
  }
  overtake(decisions, end);
  return ends;
}

/**
 * A newer message to the same person about the same incident takes the place of the older one, and the end of an incident that
 * of all but the word of it; so does that it is held for a person to decide.
 */
function overtake(
  decisions: readonly Decision[],
  end: (noticeId: string, atMs: number, how: End['how']) => void,
): void {
  const latest = new Map<string, Map<string, Notice>>();
  for (const { entry, record } of decisions) {
    for (const notice of record.notices ?? []) {
      const { incidentId, recipient } = notice;
      const to = recipient.type === 'contact' ? recipient.contactId : `desk ${recipient.areaId}`;
      const own = latest.get(incidentId) ?? new Map<string, Notice>();
      const before = own.get(to);
      if (before) end(before.noticeId, entry.atMs, 'overtaken');
      latest.set(incidentId, own.set(to, notice));
    }
    for (const { incident } of record.incidents ?? []) {
      if (incident.state.phase !== 'resolved' && incident.ladder.phase !== 'held') continue;
      for (const notice of latest.get(incident.incidentId)?.values() ?? [])
        if (!isClosing(notice)) end(notice.noticeId, entry.atMs, 'over');
    }
  }
}

/** Word that it is over is tried for two hours. */
const longestClosingMs = 2 * 3_600_000;
const steadyMs = 60_000;
const timeoutMs = 15_000;
