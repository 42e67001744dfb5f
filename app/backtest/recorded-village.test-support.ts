import { encodeReport } from '../../firmware-contracts/contracts.ts';
import type { Report } from '../../firmware-contracts/report.ts';
import type { Judgement, Stored } from '../../ingest/judge.ts';
import type { DecidedRecord, JournalRecord } from '../../records/journal-record.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import type { ShortReport } from '../../rules/watch.test-support.ts';
import { START_AT } from '../../rules/watch.test-support.ts';
import { createFold } from '../alarm/alarm-core.ts';

/** A journal that the alarm path wrote about the small county; time moves when the test says so. */
export function recordedVillage(changes: readonly RegistryChange[] = smallCounty) {
  const fold = createFold('1');
  const journal: Stored[] = [];
  const judgements: Judgement[] = [];
  const counters = new Map<string, number>();
  let now = START_AT;
  let commands = 0;

  function append(record: JournalRecord): Judgement {
    const stored = { sequence: journal.length + 1, receivedAt: now, body: encodeRecord(record) };
    journal.push(stored);
    const judgement = fold.judge.step(stored);
    judgements.push(judgement);
    for (const followUp of judgement.followUps) append(followUp);
    return judgement;
  }

  const village = {
    journal,
    state: fold.state,
    get now() {
      return now;
    },
    /** Everything that was decided. */
    get decided(): DecidedRecord[] {
      return judgements.flatMap(({ followUps }) => followUps.filter((one) => one.kind === 'decided'));
    },
    change(...asked: RegistryChange[]): void {
      const by = { type: 'system', id: 'test' } as const;
      for (const change of asked) {
        commands += 1;
        const command = { type: 'registry-change', commandId: `command-${commands}`, by, change } as const;
        const { result } = append({ kind: 'command', command });
        if (result?.result.ok !== true) throw new Error(JSON.stringify(result));
      }
    },
    say(deviceId: string, said: ShortReport): void {
      const seq = (counters.get(deviceId) ?? 0) + 1;
      counters.set(deviceId, seq);
      const report = { v: 1, boot: 1, seq, age: 0, ...said } as Report;
      const payload = encodeReport(report, 'json');
      append({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report: said.name, payload });
    },
    wait(ms: number): void {
      const until = now + ms;
      for (let due = fold.judge.nextDeadline(); due !== undefined && due <= until; due = fold.judge.nextDeadline()) {
        now = due;
        append({ kind: 'tick' });
      }
      now = until;
    },
  };
  village.change(...changes);
  return village;
}

export type RecordedVillage = ReturnType<typeof recordedVillage>;

/** A journal as a reader shows it; `from`: what was before is kept no more. */
export const readerOf = (journal: readonly Stored[], from = 1) => ({
  firstSequence: from,
  headSequence: journal.length,
  readBatch: async (sequence: number) => journal.slice(sequence - 1, sequence + 99),
});
