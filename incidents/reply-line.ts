import { channelNames } from '../records/channel-names.ts';
import type { Reply } from '../records/command.ts';
import type { Incident } from '../records/incident.ts';
import type { Notice } from '../records/notice.ts';
import type { ProviderEntry } from '../records/providers.ts';
import type { Contact } from '../records/registry.ts';

/** What whoever answered reads back, and about which incident; `codes`: of those among which they have to choose. */
export type Line = { what: ReplyLine; incident?: Incident; codes?: readonly string[] };

export type ReplyLine =
  | 'going'
  | 'cannot'
  | 'arrived'
  | 'reported'
  | 'agreed'
  | 'help'
  | 'which'
  | 'unclear'
  | 'over'
  | 'over-call'
  | 'not-yours'
  | 'not-now'
  | 'nothing-open'
  | 'doubted'
  | 'fine'
  | 'help-comes'
  | 'unclear-self'
  | 'shift-yours';

/**
 * The line, back by the way on which the answer came. A call has ended by then: it goes by SMS, where somebody carries that. On the page it stands already.
 */
export function replyLine(line: Line, { command, contact, providers, at }: LineParts): Notice | undefined {
  const via = wayBack(command.via, contact, providers);
  if (via === undefined) return undefined;
  const { incident, what, codes } = line;
  const incidentId = incident?.incidentId ?? `reply:${command.commandId}`;
  const { code = '', openedAt = at, where = {}, alerts = [] } = incident ?? {};
  return {
    noticeId: `${incidentId}/reply:${command.commandId}`,
    ...{ incidentId, purpose: 'reply', severity: 'urgent', rung: 0, at, until: at + worthMs, via },
    recipient: { type: 'contact', contactId: contact.id },
    text: {
      ...{ condition: alerts[0]?.condition ?? 'call-service', incidentCode: code, openedAt, occurredAt: openedAt },
      placeIds: where.placeId === undefined ? [] : [where.placeId],
      ...{ rooms: [], alertCount: 1 },
      detail: codes ? `${what} ${codes.slice(0, mostCodes).join(' ')}` : what,
    },
  };
}

type LineParts = { command: Reply; contact: Contact; providers: readonly ProviderEntry[]; at: number };

function wayBack(via: string, { channels }: Contact, providers: readonly ProviderEntry[]): string | undefined {
  if (via.startsWith('sms:')) return via;
  if (!via.startsWith('voice:')) return undefined;
  return channelNames(channels, providers).find((name) => name.startsWith('sms:'));
}

/** How long somebody looks at their telephone for it, ms. */
const worthMs = 10 * 60_000;
const mostCodes = 3;
