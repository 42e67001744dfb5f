import type { Downlink } from '../../records/downlink.ts';
import type { Entry, Evidence, Sent } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { type Decision, decisionsOf, type EntryOf, entriesOf, fieldsOf, isUrgent, once } from './reading.ts';

/** Commands to devices: what reaches one, when, and in answer to what. */
export const commandInvariants: readonly Invariant[] = [
  invariant(1, 'a command goes out on record, as it was asked', offRecord),
  invariant(2, 'after a call for help only what helps goes out', inTheWay),
  invariant(2, 'a hush reaches its own alarm or none', foreignHushes),
  invariant(4, 'what a device has done is done', undone),
  invariant(9, 'a command has an end, and does not go out after it', afterTheEnd),
];

/** Each state of a command in the journal, in the order of what led to it. */
type Word = { decision: Decision; row: Downlink };
const wordsOf = once((evidence): Map<string, Word[]> => {
  const all = decisionsOf(evidence).flatMap((decision) =>
    (decision.record.downlinks ?? []).map((row): Word => ({ decision, row })),
  );
  return Map.groupBy(all, ({ row }) => row.id);
});
const recordedOf = once(({ journal }) => Map.groupBy(entriesOf(journal, 'downlink'), ({ record }) => record.id));

/** The last time before it was sent that it was put on record to be. */
function recordOf({ command, sentAtMs }: Sent, evidence: Evidence): Entry | undefined {
  return recordedOf(evidence)
    .get(command.id)
    ?.findLast(({ atMs }) => atMs <= sentAtMs);
}

function* offRecord(evidence: Evidence): Iterable<Violation> {
  const words = wordsOf(evidence);
  for (const sent of evidence.sent) {
    const { command, deviceId, sentAtMs: atMs } = sent;
    const [first] = words.get(command.id) ?? [];
    if (!recordOf(sent, evidence))
      yield { says: `${command.name} ${command.id} went to ${deviceId} off the record`, atMs };
    else if (first?.row.deviceId !== deviceId || first.row.ask.name !== command.name)
      yield { says: `${command.name} ${command.id} went to ${deviceId}, and nobody had asked that of it`, atMs };
  }
}

/** What was kept is known, whatever became of the process that kept it. */
function* inTheWay({ sent, publishes }: Evidence): Iterable<Violation> {
  const cries = Map.groupBy(
    publishes.filter(({ report }) => isUrgent(report)),
    ({ deviceId }) => deviceId,
  );
  for (const { command, deviceId, sentAtMs: atMs } of sent) {
    if (helpful.has(command.name)) continue;
    const cry = cries
      .get(deviceId)
      ?.find(({ keptAtMs = Number.POSITIVE_INFINITY }) => keptAtMs <= atMs && atMs - keptAtMs < listensMs);
    if (cry) yield { says: `${command.name} went to ${deviceId} after its ${cry.report} of ${cry.keptAtMs}`, atMs };
  }
}

/** The newest alarm of a device, by what the journal had when the command was put on record. */
function* foreignHushes(evidence: Evidence): Iterable<Violation> {
  const alarms = Map.groupBy(
    entriesOf(evidence.journal, 'report').filter(({ record }) => record.report === 'alarm'),
    ({ record }) => record.deviceId,
  );
  for (const sent of evidence.sent) {
    const { command, deviceId, sentAtMs: atMs } = sent;
    const before = recordOf(sent, evidence)?.sequence ?? 0;
    if (command.name !== 'hush') continue;
    const said = (alarms.get(deviceId) ?? []).filter(({ sequence }) => sequence < before);
    if (!isStanding(said, command))
      yield {
        says: `a hush for ${command.boot}/${command.seq} went to ${deviceId}, whose newest alarm is another`,
        atMs,
      };
  }
}

/** Whether an alarm was reported under that number, or under one before and one after it, and since then nothing but the same alarm. */
function isStanding(said: EntryOf<'report'>[], { boot, seq }: { boot: number; seq: number }): boolean {
  const words = said.map(fieldsOf);
  if (!words.some((one) => one.boot === boot && Number(one.seq) >= seq)) return false;
  const named = words.findLastIndex((one) => one.boot === boot && Number(one.seq) <= seq);
  const source = words[named]?.source;
  // Stored on the way, and older than the one that is named: it says nothing of what came later.
  const later = words.slice(named + 1).filter((one) => !(one.boot === boot && Number(one.seq) < seq));
  return named >= 0 && later.every((one) => one.boot === boot && one.source === source && one.state !== 'off');
}

function* undone(evidence: Evidence): Iterable<Violation> {
  for (const [id, words] of wordsOf(evidence)) {
    const done = words.findIndex(({ row }) => row.state.phase === 'done');
    const another = done < 0 ? undefined : words.slice(done + 1).find(({ row }) => !isSameEnd(row, words[done]?.row));
    if (!another) continue;
    const { row, decision } = another;
    yield { says: `command ${id} was done, and then ${row.state.phase}`, sequence: decision.entry.sequence };
  }
}

function* afterTheEnd(evidence: Evidence): Iterable<Violation> {
  const words = wordsOf(evidence);
  for (const sent of evidence.sent) {
    const { command, sentAtMs: atMs } = sent;
    const all = words.get(command.id) ?? [];
    const left = ((all[0]?.row.expiresAt ?? 0) - (recordOf(sent, evidence)?.receivedAt ?? 0)) / 1_000;
    if (command.expires > left)
      yield { says: `${command.id} went out for ${command.expires} s, with ${left} s left`, atMs };
    const end = all.find(({ row, decision }) => row.state.phase !== 'waiting' && decision.cause.atMs + slackMs < atMs);
    if (end) yield { says: `${command.id} went out when it was ${end.row.state.phase}`, atMs };
  }
  const now = evidence.journal.at(-1)?.receivedAt ?? 0;
  for (const [id, all] of words) {
    const row = all.at(-1)?.row;
    if (row?.state.phase === 'waiting' && row.expiresAt + minuteMs < now) yield { says: `${id} waits beyond its end` };
  }
}

function isSameEnd({ state }: Downlink, before: Downlink | undefined): boolean {
  return JSON.stringify(state) === JSON.stringify(before?.state);
}

const helpful: ReadonlySet<string> = new Set(['lamp', 'locate', 'time', 'hush']);
/** As long as a device listens after a call for help. */
const listensMs = 60_000;
/** In which what is durable is read. */
const slackMs = 1_000;
const minuteMs = 60_000;
