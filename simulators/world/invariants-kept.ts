import type { Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { type EntryOf, entriesOf, homesByDevice, isUrgent, keyOfPublish, reportsByKey, untrusted } from './reading.ts';

/** Acknowledged means kept: in the journal, for ever, and once in the copy. */
export const keptInvariants: readonly Invariant[] = [
  invariant(1, 'acknowledged means kept', lostPublishes),
  invariant(1, 'what was durable stays as it was', function* ({ lost }) {
    for (const says of lost) yield { says };
  }),
  invariant(1, 'the journal is whole and in order', disorder),
  invariant(1, 'a command that was answered is on record', unrecordedAnswers),
  invariant(1, 'a report that was kept is in the copy', uncopied),
  invariant(1, 'no report is in the copy twice', copiedTwice),
];

/** A device that was told "kept" throws its report away: there is no other copy. */
function* lostPublishes(evidence: Evidence): Iterable<Violation> {
  const kept = reportsByKey(evidence);
  const homes = homesByDevice(evidence);
  for (const publish of evidence.publishes) {
    const { deviceId, report, hash, acknowledgedAtMs, keptAtMs } = publish;
    const saidAtMs = acknowledgedAtMs ?? keptAtMs;
    if (saidAtMs === undefined || kept.has(keyOfPublish(publish))) continue;
    const says = `${report} of ${deviceId} (${hash.slice(0, 8)}) was acknowledged, and is not in the journal`;
    yield { says, homeId: homes.get(deviceId), atMs: saidAtMs };
  }
}

function* disorder({ journal }: Evidence): Iterable<Violation> {
  for (const [index, entry] of journal.entries()) {
    const before = journal[index - 1];
    const { sequence, receivedAt } = entry;
    const due = before ? before.sequence + 1 : 1;
    if (sequence !== due) yield { says: `record ${sequence} stands where ${due} is due`, sequence };
    if (before && receivedAt < before.receivedAt)
      yield {
        says: `record ${sequence} is ${before.receivedAt - receivedAt} ms older than the one before it`,
        sequence,
      };
  }
}

/** Whoever was answered acts on it: the command and this very answer stand in the journal, and it was done once. */
function* unrecordedAnswers({ journal, asked }: Evidence): Iterable<Violation> {
  const commands = new Set(entriesOf(journal, 'command').map(({ record }) => record.command.commandId));
  const answers = new Map<string, string>();
  const changedBy = new Map<string, number>();
  for (const { sequence, record } of entriesOf(journal, 'decided')) {
    if (!record.result) continue;
    const { commandId, result } = record.result;
    const answer = JSON.stringify(result);
    const before = answers.get(commandId);
    if (before !== undefined && before !== answer)
      yield { says: `command ${commandId} was answered ${before}, and then ${answer}`, sequence };
    answers.set(commandId, answer);
    const changes = record.incidents?.some(({ timeline }) => timeline.some(({ what }) => whatPeopleDo.has(what)));
    if (!changes) continue;
    const first = changedBy.get(commandId);
    if (first !== undefined) yield { says: `command ${commandId} of record ${first} was done again`, sequence };
    changedBy.set(commandId, sequence);
  }
  for (const { command, result, answeredAtMs } of asked) {
    const { commandId, type } = command;
    if (!result) continue;
    const kept = answers.get(commandId);
    const said = `${type} ${commandId} was answered ${JSON.stringify(result)}`;
    if (!commands.has(commandId)) yield { says: `${said}, and is not in the journal`, atMs: answeredAtMs };
    else if (kept !== JSON.stringify(result)) yield { says: `${said}, the journal has ${kept}`, atMs: answeredAtMs };
  }
}
const whatPeopleDo: ReadonlySet<string> = new Set([
  ...(['claimed', 'released', 'acted', 'accepted', 'declined', 'arrived', 'resolved', 'reopened'] as const),
]);

/** Each report that was kept is a row of the copy, or a gap there says that it is not. */
function* uncopied(evidence: Evidence): Iterable<Violation> {
  const { store, publishes } = evidence;
  const homes = homesByDevice(evidence);
  const copied = new Set(
    store.copied.reports.map(({ deviceId, report }) => nameOf({ ...report, deviceId, report: report.name })),
  );
  const isLeftOut = (sequence: number) => store.copied.gaps.some(({ from, to }) => from <= sequence && sequence <= to);
  const kept = store.copied.gaps.length > 0 ? reportsByKey(evidence) : undefined;
  for (const publish of publishes) {
    const { deviceId, acknowledgedAtMs, garbled } = publish;
    const name = nameOf(publish);
    if (name === undefined || acknowledgedAtMs === undefined || garbled || copied.has(name)) continue;
    if (kept?.get(keyOfPublish(publish))?.every(({ sequence }) => isLeftOut(sequence))) continue;
    yield { says: `${name} was kept, and is not in the copy`, homeId: homes.get(deviceId), atMs: acknowledgedAtMs };
  }
}

/**
 * One that came again is no second row: not the same record, and not a report that is among the last that its device was heard
 * with. How many of those are remembered is bounded, and what is older may count as new.
 */
function* copiedTwice(evidence: Evidence): Iterable<Violation> {
  const { store, journal, publishes, truth } = evidence;
  const homes = homesByDevice(evidence);
  const ordinals = new Map<number, number>();
  for (const all of Map.groupBy(entriesOf(journal, 'report'), ({ record }) => record.deviceId).values())
    for (const [ordinal, { sequence }] of all.entries()) ordinals.set(sequence, ordinal);
  // A device that counts from the beginning again gives its names anew; so does whoever garbles a report on its way.
  const reset = truth.filter(({ what }) => what === 'factory-reset').map(({ deviceId }) => deviceId);
  const renamed = new Set([...reset, ...untrusted(evidence)]);
  const garbled = new Set(publishes.filter((publish) => publish.garbled).map(nameOf));
  // What came before the registry did was heard of a stranger.
  const isRegistered = ({ record }: EntryOf<'command'>) => record.command.type === 'registry-commit';
  const registeredSince = entriesOf(journal, 'command').find(isRegistered)?.sequence ?? 0;
  const places = new Set<string>();
  const named = new Map<string, { sequence: number; receivedAt: number }>();
  const anewSince = new Map<string, number>();
  for (const { sequence, part, deviceId, receivedAt, report } of store.copied.reports) {
    const homeId = homes.get(deviceId);
    const place = `part ${part} of record ${sequence}`;
    if (places.has(place)) yield { says: `${place} is in the copy twice`, homeId, sequence };
    places.add(place);
    const name = nameOf({ ...report, deviceId, report: report.name });
    if (name === undefined || renamed.has(deviceId) || garbled.has(name)) continue;
    const before = named.get(name);
    named.set(name, { sequence, receivedAt });
    if (!before || before.sequence <= Math.max(registeredSince, anewSince.get(deviceId) ?? 0)) continue;
    // An alarm that is heard again an hour later may be another one, of a device that counts from the beginning again; so it seems after
    // the clock went forward as well.
    if (isUrgent(report.name) && receivedAt - before.receivedAt > sameAlarmMs) {
      anewSince.set(deviceId, sequence);
      continue;
    }
    const since = (ordinals.get(sequence) ?? Infinity) - (ordinals.get(before.sequence) ?? 0);
    if (since < remembered)
      yield { says: `${name} is in the copy twice, by records ${before.sequence} and ${sequence}`, homeId, sequence };
  }
}
/** Reports of one device. */
const remembered = 64;
const sameAlarmMs = 3_600_000;

function nameOf({ deviceId, report, boot, seq }: Named): string | undefined {
  return boot === undefined || seq === undefined ? undefined : `${report} ${boot}:${seq} of ${deviceId}`;
}
type Named = { deviceId: string; report: string; boot?: number; seq?: number };
