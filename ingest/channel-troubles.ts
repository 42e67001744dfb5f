import { parseNoticeId } from '../incidents/notices.ts';
import type { AlertChange } from '../records/alert.ts';
import { carrierOf } from '../records/channel-names.ts';
import type { ChannelTrouble } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import { type LimitNear, ownLimit } from '../records/providers.ts';
import { systemAlert } from './system-alerts.ts';

/**
 * What operators are told of the ways out: that one cannot be used, once, until a message goes through by it; and that little is left of
 * a limit, once a window. That our own limit held a message back is what limits are for, and no news.
 */
export function outcomeTroubles(state: FoldState, outcome: OutcomeRecord, at: number): AlertChange[] {
  const { trouble, result, detail = '', noticeId, channel, attempt } = outcome;
  const way = wayOf(outcome);
  if (trouble !== undefined && detail !== ownLimit)
    return raise(state, way, { causeId: `${noticeId}/${channel}/${attempt}`, trouble, detail, at });
  return result === 'delivered' || result === 'accepted' ? over(state, way, at) : [];
}

/** What a channel noticed by itself. */
export function toldTroubles(state: FoldState, told: ChannelTrouble, at: number): AlertChange[] {
  const { commandId: causeId, channel, trouble, reason: detail } = told;
  if (trouble === 'none') return over(state, channel, at);
  return raise(state, channel, { causeId, trouble, detail, at });
}

export function limitNear(state: FoldState, near: LimitNear, causeId: string, at: number): AlertChange[] {
  const { channel, used, count, perMs } = near;
  const key = nearOf(channel);
  const standing = state.table<Standing>('channel-troubles');
  if ((standing.get(key)?.until ?? at) > at) return [];
  const reason = { channel, trouble: 'limit-near', used, count, perMinutes: Math.ceil(perMs / 60_000) };
  const { alert } = systemAlert('channel-trouble', `near:${causeId}`, at, {}, reason);
  const before = clear(state, key, at);
  standing.set(key, { alertId: alert.alertId, until: at + perMs });
  return [...before, { type: 'raise', alert: { ...alert, severity: 'service' } }];
}

type Standing = { alertId: string; until?: number };
type Said = { causeId: string; trouble: ChannelTrouble['trouble']; detail: string; at: number };

function raise(state: FoldState, channel: string, { causeId, trouble, detail, at }: Said): AlertChange[] {
  const standing = state.table<Standing>('channel-troubles');
  if (standing.has(channel) || standing.size >= mostStanding) return [];
  const { alert } = systemAlert('channel-trouble', causeId, at, {}, { channel, trouble, detail });
  standing.set(channel, { alertId: alert.alertId });
  return [{ type: 'raise', alert: { ...alert, severity: 'urgent' } }];
}

function over(state: FoldState, channel: string, at: number): AlertChange[] {
  const near = state.table<Standing>('channel-troubles').get(nearOf(channel));
  return [...clear(state, channel, at), ...(near && (near.until ?? 0) <= at ? clear(state, nearOf(channel), at) : [])];
}

function clear(state: FoldState, key: string, at: number): AlertChange[] {
  const standing = state.table<Standing>('channel-troubles');
  const alertId = standing.get(key)?.alertId;
  standing.delete(key);
  return alertId === undefined ? [] : [{ type: 'clear', alertId, at, reason: {} }];
}

const nearOf = (channel: string): string => `near ${channel}`;
const mostStanding = 1_000;

/** A provider serves everybody; a robot's trouble is that of one room. */
function wayOf({ channel, noticeId }: OutcomeRecord): string {
  const carrier = carrierOf(channel);
  const recipient = carrier.includes(':') ? undefined : parseNoticeId(noticeId)?.recipient;
  return recipient?.type === 'contact' ? `${carrier} (${recipient.contactId})` : carrier;
}
