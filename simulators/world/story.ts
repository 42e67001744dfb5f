import type { Command } from '../../records/command.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import type { Entry, Evidence } from './evidence.ts';
import type { Violation } from './invariant.ts';
import { entriesOf, entryAt, homesByDevice } from './reading.ts';

/**
 * The shortest story of a violation: the last of what happened to the household that it is about, in the order of the world's time,
 * with what happened to everybody. Without a household it is the system's own story. Times are days and hours since the start.
 */
export function storyOf(violation: Violation, evidence: Evidence): string {
  const places = placesOf(evidence);
  const { sequence, incidentId = '', homeId = places.incidents.get(incidentId) } = violation;
  const entry = sequence === undefined ? undefined : entryAt(evidence.journal, sequence);
  const aboutMs = violation.atMs ?? entry?.atMs ?? evidence.endedAtMs;
  const about = homeId ?? (entry && homeOf(entry.record, places));
  const lines = [...linesOf(evidence, about, places)].sort((a, b) => a.atMs - b.atMs);
  const until = lines.filter(({ atMs }) => atMs <= aboutMs + afterwardsMs);
  const told = until.slice(-mostLines).map(({ atMs, says }) => `${timeText(atMs)}  ${says}`);
  return [`${about ?? 'the system'}, up to ${timeText(aboutMs)}: ${violation.says}`, ...told].join('\n');
}

const mostLines = 40;
/** What followed at once helps to understand it. */
const afterwardsMs = 2 * 60_000;

type Line = { atMs: number; says: string };

function* linesOf(evidence: Evidence, homeId: string | undefined, places: Places): Iterable<Line> {
  const { truth, crashes, troubles, complaints, faults, journal } = evidence;
  for (const { atMs, who, at } of crashes) yield { atMs, says: `*** ${who} dies at: ${at}` };
  for (const { atMs, byMs } of faults.clockSteps) yield { atMs, says: `*** the wall clock is set by ${byMs} ms` };
  for (const { atMs, to } of faults.releases) yield { atMs, says: `*** release: ${to}` };
  for (const { fromMs, toMs, what } of troubles)
    if (what !== 'desk-down') yield { atMs: fromMs, says: `*** ${what} until ${timeText(toMs)}` };
  for (const { sequence, atMs, record } of entriesOf(journal, 'started'))
    yield { atMs, says: `#${sequence} started, version ${record.version}, after ${record.downMs} ms` };
  if (homeId === undefined) {
    for (const { atMs, process, message } of complaints)
      yield { atMs, says: `${process} says: ${message.slice(0, 160)}` };
    return;
  }
  for (const { atMs, what, deviceId, homeId: where } of truth)
    if (where === homeId) yield { atMs, says: `=== ${what} (${deviceId})` };
  yield* messagesOf(evidence, homeId, places);
  yield* recordsOf(evidence, homeId, places);
}

/** What its devices and its people said, and what people heard and asked. */
function* messagesOf(evidence: Evidence, homeId: string, places: Places): Iterable<Line> {
  for (const {
    atMs,
    deviceId,
    report,
    boot,
    seq,
    garbled,
    arrivedAtMs,
    keptAtMs,
    acknowledgedAtMs,
  } of evidence.publishes) {
    if (places.devices.get(deviceId) !== homeId || !worthTelling.has(report)) continue;
    const fate = acknowledgedAtMs ? 'acknowledged' : keptAtMs ? 'kept' : arrivedAtMs.length > 0 ? 'refused' : 'lost';
    const kept = acknowledgedAtMs ?? keptAtMs;
    const when = kept ? ` ${timeText(kept)}` : '';
    yield { atMs, says: `${deviceId} sends ${report} ${boot}:${seq}${garbled ? ` (${garbled})` : ''}: ${fate}${when}` };
  }
  for (const { atMs, contactId, channel, notice, arrived, answer } of evidence.messages) {
    if (places.incidents.get(notice.incidentId) !== homeId) continue;
    const fate = arrived ? 'hears' : 'does not hear';
    yield {
      atMs,
      says: `${contactId} ${fate} ${notice.purpose} ${tailOf(notice.noticeId)} by ${channel}, answer ${answer}`,
    };
  }
  for (const { atMs, command, result } of evidence.asked) {
    if (!('incidentId' in command) || places.incidents.get(command.incidentId) !== homeId) continue;
    const answer = result ? (result.ok ? 'ok' : result.problem) : 'no answer';
    yield { atMs, says: `${command.by.id} asks ${command.type} (${command.commandId}): ${answer}` };
  }
}
const worthTelling: ReadonlySet<string> = new Set(['alarm', 'fall', 'press', 'test']);

/** What the journal says of it. */
function* recordsOf({ journal }: Evidence, homeId: string, places: Places): Iterable<Line> {
  for (const { sequence, atMs, record } of journal) {
    if (record.kind !== 'report' && homeOf(record, places) === homeId)
      for (const says of wordsOf(record, homeId)) yield { atMs, says: `#${sequence} ${says}` };
  }
}

function wordsOf(record: JournalRecord, homeId: string): string[] {
  switch (record.kind) {
    case 'decided':
      return decidedWords(record, homeId);
    case 'attempting':
      return [`attempt ${record.attempt} of ${tailOf(record.noticeId)}${record.provisional ? ', provisional' : ''}`];
    case 'outcome': {
      const { attempt, noticeId, result, detail = '', final } = record;
      return [`attempt ${attempt} of ${tailOf(noticeId)}: ${result}${final ? ' for good' : ''} ${detail}`.trimEnd()];
    }
    case 'command':
      return [`command ${record.command.type} ${record.command.commandId}`];
    default:
      return [record.kind];
  }
}

function decidedWords(
  { cause, version, alerts = [], incidents = [], notices = [] }: Decided,
  homeId: string,
): string[] {
  const said = alerts.flatMap((change) => {
    if (change.type === 'raise')
      return change.alert.where.placeId === homeId ? `raises ${change.alert.condition} ${change.alert.alertId}` : [];
    if (change.type === 'note') return change.note.where.placeId === homeId ? `notes ${change.note.what}` : [];
    if (change.type === 'prompt') return change.prompt.where.placeId === homeId ? `asks ${change.prompt.promptId}` : [];
    if (change.type === 'coverage')
      return change.where.placeId === homeId ? `${change.harm} is ${change.state} for ${change.personId}` : [];
    if (change.type === 'shadow') return [];
    return `${change.type}s ${change.alertId}`;
  });
  const became = incidents.flatMap(({ incident, timeline }) => {
    if (incident.where.placeId !== homeId) return [];
    const { code, state, ladder } = incident;
    const rung = ladder.phase === 'ended' ? '' : ` ${ladder.rung}`;
    return `${code} is ${state.phase}, ladder ${ladder.phase}${rung} (${timeline.map(({ what }) => what).join(', ')})`;
  });
  const told = notices.map(({ noticeId, purpose }) => `${purpose} ${tailOf(noticeId)}`);
  return [`decided for #${cause} by ${version}: ${[...said, ...became, ...told].join('; ')}`];
}
type Decided = Extract<JournalRecord, { kind: 'decided' }>;

type Places = { devices: ReadonlyMap<string, string>; incidents: ReadonlyMap<string, string | undefined> };

function placesOf(evidence: Evidence): Places {
  const changes = entriesOf(evidence.journal, 'decided').flatMap(({ record }) => record.incidents ?? []);
  const incidents = new Map(changes.map(({ incident }) => [incident.incidentId, incident.where.placeId]));
  return { devices: homesByDevice(evidence), incidents };
}

/** The household that a record is about; of a decision, the first. */
function homeOf(record: Entry['record'], { devices, incidents }: Places): string | undefined {
  switch (record.kind) {
    case 'report':
      return devices.get(record.deviceId);
    case 'decided': {
      const placed = record.incidents?.map(({ incident }) => incident.where.placeId) ?? [];
      const raised = record.alerts?.map((change) => ('alert' in change ? change.alert.where.placeId : undefined)) ?? [];
      return [...placed, ...raised].find((placeId) => placeId !== undefined);
    }
    case 'attempting':
    case 'outcome':
      return incidents.get(incidentIn(record.noticeId));
    case 'command':
      return incidents.get(incidentOf(record.command) ?? '');
    default:
      return undefined;
  }
}

const incidentOf = (command: Command): string | undefined => ('incidentId' in command ? command.incidentId : undefined);
/** `<incident>/v<version>/<rung>/<recipient>` */
const incidentIn = (noticeId: string): string => noticeId.replace(/\/v\d+\/\d+\/[^/]*$/, '');
const tailOf = (noticeId: string): string => noticeId.slice(incidentIn(noticeId).length + 1);

function timeText(atMs: number): string {
  if (!Number.isFinite(atMs)) return 'the end';
  const seconds = Math.floor(atMs / 1000);
  const part = (unit: number, size: number) => String(Math.floor(seconds / unit) % size).padStart(2, '0');
  return `${Math.floor(seconds / 86_400)} ${part(3600, 24)}:${part(60, 60)}:${part(1, 60)}`;
}
