import type { AlertChange, Whereabouts } from '../records/alert.ts';
import type { KeysDisk } from '../records/command.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import type { Stored } from './judge.ts';

/** Each time is an alert of its own, that is told anew; room clears all that stand, whatever became of their incident. */
export function reserveChanges(
  state: FoldState,
  { inUse, freeBytes }: Extract<JournalRecord, { kind: 'reserve' }>,
  { sequence, receivedAt: at }: Stored,
): AlertChange[] {
  const standing = state.table<true>('reserve-alerts');
  if (inUse) {
    const raise = systemAlert('journal-reserve', String(sequence), at, {}, { freeBytes });
    standing.set(raise.alert.alertId, true);
    return [raise];
  }
  const alertIds = [...standing.keys()];
  for (const alertId of alertIds) standing.delete(alertId);
  return alertIds.map((alertId) => ({ type: 'clear', alertId, at, reason: { freeBytes } }));
}

/** The desk is told once, until the disk takes the keys again. */
export function keysChanges(state: FoldState, { commandId, isWritten }: KeysDisk, at: number): AlertChange[] {
  const standing = state.table<string>('keys-alert');
  const alertId = standing.get('standing');
  if (isWritten) standing.delete('standing');
  if (isWritten) return alertId === undefined ? [] : [{ type: 'clear', alertId, at, reason: {} }];
  if (alertId !== undefined) return [];
  const { type, alert } = systemAlert('keys-unwritten', commandId, at, {}, {});
  standing.set('standing', alert.alertId);
  return [{ type, alert: { ...alert, severity: 'urgent' } }];
}

/** A critical alert about the system itself; `causeId` names it for ever. `at`: journal time, epoch ms. */
export function systemAlert(
  condition: 'record-quarantined' | 'journal-reserve' | 'keys-unwritten' | 'channel-trouble' | 'desk-empty',
  causeId: string,
  at: number,
  where: Whereabouts,
  reason: Record<string, string | number>,
): Extract<AlertChange, { type: 'raise' }> {
  const subject = { type: 'system' as const, id: condition };
  const alertId = `${condition}:${causeId}`;
  const times = { at, occurredAt: at, clock: 'trusted' as const };
  return {
    type: 'raise',
    alert: { alertId, rule: condition, condition, severity: 'critical', ...times, subject, where, reason },
  };
}
