import type { DeviceCommand } from '../../firmware-contracts/commands.ts';
import type { DeviceAsk, Downlink, DownlinkState } from '../../records/downlink.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import type { Entry, Evidence } from './evidence.ts';

/** A command that was asked, put on record and sent as it should be, after everything else in `whole`. */
export function withCommand(whole: Evidence, { name, isRecorded = true, states = [] }: Told): Evidence {
  const last = whole.journal.at(-1);
  if (!last) throw new Error('there is no journal');
  const { deviceId, at } = { deviceId: 'detector-9', at: last.receivedAt };
  const ask: DeviceAsk = name === 'hush' ? { name, incidentId: 'i', boot: 7, seq: 7 } : { name };
  const by = { type: 'account', id: 'li' } as const;
  const row: Downlink = {
    ...{ id: 'device-000001', deviceId, ask, by, reason: 'why', askedAt: at, expiresAt: at + 60_000, sent: 0 },
    state: { phase: 'waiting' },
  };
  const command = { type: 'device-command', commandId: row.id, by, deviceId, ask, reason: 'why' } as const;
  const journal: Entry[] = [...whole.journal];
  const append = (record: JournalRecord, atMs: number) => {
    const sequence = (journal.at(-1)?.sequence ?? 0) + 1;
    journal.push({ sequence, receivedAt: at, atMs, record });
    return sequence;
  };
  const decide = (state: DownlinkState, atMs: number) => {
    const cause = append({ kind: 'command', command }, atMs);
    append({ kind: 'decided', cause, version: 'present', downlinks: [{ ...row, state }] }, atMs);
  };
  decide(row.state, last.atMs);
  if (isRecorded) append({ kind: 'downlink', id: row.id, deviceId }, last.atMs);
  for (const state of states) decide(state, last.atMs);
  const numbers = ask.name === 'hush' ? { boot: ask.boot, seq: ask.seq } : {};
  const sent = { v: 1, id: row.id, expires: 60, name, ...numbers } as DeviceCommand;
  return { ...whole, journal, sent: [{ sentAtMs: last.atMs + 5_000, deviceId, command: sent }] };
}
type Told = { name: 'reboot' | 'hush'; isRecorded?: boolean; states?: DownlinkState[] };

/** How each promise about commands is broken. */
export function breachesOfCommands(whole: Evidence): { [invariant: string]: () => Evidence } {
  const done = { phase: 'done', at: 0, result: 'ok' } as const;
  const cancelled = { phase: 'cancelled', at: 0, by: { type: 'account', id: 'li' }, reason: 'why' } as const;
  return {
    'a command goes out on record, as it was asked': () => withCommand(whole, { name: 'reboot', isRecorded: false }),
    'after a call for help only what helps goes out': () => {
      const evidence = withCommand(whole, { name: 'reboot' });
      const keptAtMs = (evidence.sent[0]?.sentAtMs ?? 0) - 59_000;
      const cry = {
        atMs: keptAtMs,
        keptAtMs,
        deviceId: 'detector-9',
        report: 'alarm',
        hash: 'any',
        arrivedAtMs: [keptAtMs],
      };
      return { ...evidence, publishes: [...evidence.publishes, cry] };
    },
    'a hush reaches its own alarm or none': () => withCommand(whole, { name: 'hush' }),
    'what a device has done is done': () => withCommand(whole, { name: 'reboot', states: [done, cancelled] }),
    'a command has an end, and does not go out after it': () =>
      withCommand(whole, { name: 'reboot', states: [cancelled] }),
  };
}
