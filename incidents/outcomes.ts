import { channelNames } from '../records/channel-names.ts';
import type { Told } from '../records/incident.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import type { ProviderEntry } from '../records/providers.ts';
import { isOnNewestRung } from './commands.ts';
import { parseNoticeId } from './notices.ts';
import type { Round } from './round.ts';
import { happen } from './transition.ts';
import { type Turn, write } from './turn.ts';

/**
 * What came of an attempt to tell somebody. Who cannot be reached on any channel, and whom nobody tries any more (`final`), is not waited for:
 * the next rung is told at once. That a provider accepted a message proves nothing yet, and a failure of one channel is no failure of the
 * person.
 */
export function stepOutcome(round: Round, outcome: OutcomeRecord, providers: readonly ProviderEntry[]): void {
  const name = parseNoticeId(outcome.noticeId);
  // What became part of another incident left its people there.
  const incident = name && round.table.wholeOf(round.table.get(name.incidentId));
  if (!name || !incident || name.recipient.type !== 'contact' || outcome.result === 'accepted') return;
  const { contactId } = name.recipient;
  const told = incident.told.find((one) => one.contactId === contactId);
  // Only the newest notice to somebody says whether they can be reached now.
  if (told?.noticeId !== outcome.noticeId || told.reached === 'delivered') return;
  if (outcome.result !== 'delivered' && !outcome.final && told.failed?.includes(outcome.channel)) return;
  const turn = round.turnOf(incident);
  if (outcome.result === 'delivered') delivered(turn, told, outcome);
  else failed(turn, told, outcome, providers);
  round.keep(turn);
}

/** `heard`: a call was picked up, and nothing was pressed. */
function delivered(turn: Turn, told: Told, { channel, detail }: OutcomeRecord): void {
  replaceTold(turn, { ...told, reached: 'delivered' });
  const heard = detail === 'heard' && { heard: true };
  write(turn, 'delivered', { contactId: told.contactId, channel, ...heard });
}

function failed(
  turn: Turn,
  told: Told,
  { channel, result, detail, final }: OutcomeRecord,
  providers: readonly ProviderEntry[],
): void {
  const { contactId, noticeId } = told;
  const channels = [...new Set([...(told.failed ?? []), channel])];
  const contact = turn.registry.contact(contactId);
  const ways = Math.max(1, channelNames(contact?.channels ?? [], providers).length);
  const everyChannel = final === true || channels.length >= ways;
  replaceTold(turn, { ...told, failed: channels, ...(everyChannel && { reached: 'unreachable' }) });
  write(turn, 'undelivered', { contactId, channel, result, everyChannel, ...(detail !== undefined && { detail }) });
  const isNews = everyChannel && told.reached !== 'unreachable' && !told.informed && told.answer === undefined;
  if (isNews && isOnNewestRung(turn, noticeId)) happen(turn, 'unreachable');
}

function replaceTold(turn: Turn, told: Told): void {
  const all = turn.incident.told.map((one) => (one.contactId === told.contactId ? told : one));
  turn.incident = { ...turn.incident, told: all };
}
