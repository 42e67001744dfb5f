import { createFold } from '../app/alarm/alarm-core.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { DeviceAsk } from '../records/downlink.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { smallCounty } from '../records/registry.test-support.ts';
import type { Judgement, Stored } from './judge.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
const li = { type: 'account', id: 'li' } as const;

/** The fold of the alarm process over a small county, with a journal in memory; `journal` is one to fold again. */
export function foldUnderTest({ journal = [] as Stored[] } = {}) {
  const fold = createFold('test');
  const written: Stored[] = [];
  const judgements: Judgement[] = [];
  let at = Date.parse('2026-11-03T21:00:00+08:00');
  let count = 0;

  function step(stored: Stored): Judgement {
    written.push(stored);
    const judgement = fold.judge.step(stored);
    judgements.push(judgement);
    return judgement;
  }
  function append(record: JournalRecord): Judgement {
    const judgement = step({ sequence: written.length + 1, receivedAt: at, body: encodeRecord(record) });
    for (const followUp of judgement.followUps) append(followUp);
    return judgement;
  }
  function send(command: Command): CommandResult {
    const { result } = append({ kind: 'command', command });
    if (!result) throw new Error('a command without an answer');
    return result.result;
  }
  const nextId = () => `command-${++count}`;

  const home = {
    ...fold,
    journal: written,
    judgements,
    now: () => at,
    append,
    send,
    /** Time passes, and what is due in it happens at its own time. */
    wait(ms: number): void {
      const end = at + ms;
      for (let due = fold.judge.nextDeadline(); due !== undefined && due <= end; due = fold.judge.nextDeadline()) {
        at = Math.max(at, due);
        append({ kind: 'tick' });
      }
      at = end;
    },
    hear(deviceId: string, report: string, fields: object): Judgement {
      const payload = Buffer.from(JSON.stringify({ v: 1, boot: 1, age: 0, ...fields }));
      return append({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report, payload });
    },
    alarm: (seq: number, fields: object = {}) =>
      home.hear('smoke-1', 'alarm', { seq, source: 'smoke', state: 'on', ...fields }),
    /** Answers the id of the command, and what was said. */
    ask(deviceId: string, ask: DeviceAsk, more: { lifeSeconds?: number; by?: Command['by']; commandId?: string } = {}) {
      const { by = li, commandId = nextId(), ...rest } = more;
      return {
        id: commandId,
        result: send({ type: 'device-command', commandId, by, deviceId, ask, reason: 'why', ...rest }),
      };
    },
    cancel: (deviceId: string, cancels: string) =>
      send({ type: 'cancel-device-command', commandId: nextId(), by: li, deviceId, cancels, reason: 'not any more' }),
    row: (id: string) =>
      fold.downlinks
        .ofDevice('smoke-1')
        .concat(fold.downlinks.ofDevice('watch-2'))
        .find((one) => one.id === id),
    due: (deviceId = 'smoke-1') => fold.downlinks.due(deviceId, at).map(({ ask }) => ask.name),
    /** The only open incident, claimed. */
    claim(by: Command['by'] = li): string {
      const [incident] = [...fold.incidents.openIncidents()].filter(({ severity }) => severity === 'critical');
      if (!incident) throw new Error('there is no incident to claim');
      const { incidentId, version: expectedVersion } = incident;
      const result = send({ type: 'claim', commandId: nextId(), by, incidentId, expectedVersion });
      if (!result.ok) throw new Error(result.message);
      return incidentId;
    },
  };
  if (journal.length > 0) for (const stored of journal) step(stored);
  else {
    const by = { type: 'system', id: 'test' } as const;
    send({ type: 'registry-part', commandId: 'part-1234', by, importId: 'i', part: 0, changes: smallCounty });
    send({ type: 'registry-commit', commandId: 'commit-12', by, importId: 'i', parts: 1 });
  }
  return home;
}
