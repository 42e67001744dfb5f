import type { StoredRecord } from '../journal/frame.ts';
import { localTimeIn } from '../platform/local-time.ts';
import type { AlertChange, Reason } from '../records/alert.ts';
import type { Downlink } from '../records/downlink.ts';
import { createDownlinkShelf } from '../records/downlink-shelf.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Incident, IncidentAlert, TimelineEntry } from '../records/incident.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { decodeRecord } from '../records/record-codec.ts';
import { openText, openTexts } from '../records/sealed-text.ts';
import { explain } from '../rules/explain/explain.ts';
import { glassVault } from './glass-vault.ts';
import { sinceText } from './scenario-file.ts';
import type { Commanded, Delivered } from './virtual-county.ts';

/** What came of a scenario, as a person reads it: one line a fact, times since the beginning. Empty lists are left out. */
export type Outcome = {
  incidents: IncidentOutcome[];
  /** What is on record and called nobody. */
  notes?: string[];
  /** What people asked for, and what it came to. */
  answers?: string[];
  /** What devices were asked to do and what became of it; what arrived at them. */
  commands?: { asked: string[]; arrived?: string[] };
  /** What the journal says about itself: clock steps, starts, records that were skipped. */
  system?: string[];
  /** Errors in the log. */
  complaints?: string[];
};
type IncidentOutcome = {
  incident: string;
  state: string;
  alerts: string[];
  /** The first message, as its reader sees it. */
  reads?: string;
  /** Every attempt, by who was to hear. */
  heard?: { [recipient: string]: string[] };
  timeline: string[];
};

export type Happened = {
  startAt: number;
  journal: readonly StoredRecord[];
  delivered: readonly Delivered[];
  commanded: readonly Commanded[];
  answers: string[];
  complaints: string[];
};

export function outcomeOf({ startAt, journal, delivered, commanded, answers, complaints }: Happened): Outcome {
  const records = journal.map(({ body, receivedAt }) => ({ at: receivedAt, record: decodeRecord(body) }));
  const decided = records.flatMap(({ record }) => (record.kind === 'decided' ? record : []));
  const incidents = new Map<string, { incident: Incident; timeline: TimelineEntry[] }>();
  for (const { incident, timeline } of decided.flatMap((record) => record.incidents ?? [])) {
    const before = incidents.get(incident.incidentId)?.timeline ?? [];
    incidents.set(incident.incidentId, { incident, timeline: [...before, ...timeline] });
  }
  const notes = decided.flatMap(({ alerts = [] }) => alerts).flatMap((change) => noteLine(change, startAt));
  const downlinks = downlinksIn(records);
  // The first record says that it was started; in every scenario it was.
  const system = records.slice(1).flatMap(({ record, at }) => systemLine(record, at - startAt));
  return {
    incidents: [...incidents.values()].map(({ incident, timeline }) => {
      const about = delivered.filter(({ message }) => message.notice.incidentId === incident.incidentId);
      return incidentOutcome(incident, timeline, about, startAt);
    }),
    ...(notes.length > 0 && { notes }),
    ...(answers.length > 0 && { answers }),
    ...(downlinks.length > 0 && { commands: commandsOutcome(downlinks, commanded, startAt) }),
    ...(system.length > 0 && { system }),
    ...(complaints.length > 0 && { complaints }),
  };
}

function incidentOutcome(
  incident: Incident,
  timeline: TimelineEntry[],
  delivered: Delivered[],
  startAt: number,
): IncidentOutcome {
  const { category, severity, subject, alerts } = incident;
  const heard: { [recipient: string]: string[] } = {};
  for (const { atMs, to, channel, message, result } of delivered) {
    const how = result === 'answers' ? '' : ` (${result})`;
    const said = channel.startsWith('sms') ? message.text.sms : message.text.title;
    heard[to] = [...(heard[to] ?? []), `${sinceText(atMs)} ${channel}${how}: ${said}`];
  }
  const first = delivered.find(({ to }) => to !== 'desk');
  return {
    incident: `${category} of ${subject.type} ${subject.id}, ${severity}`,
    state: stateText(incident, startAt),
    alerts: alerts.map((alert) => alertLine(alert, startAt)),
    ...(first && { reads: first.message.text.body }),
    ...(delivered.length > 0 && { heard }),
    timeline: timeline.map((entry) => timelineLine(entry, startAt)),
  };
}

/** As desk knows them in the end. */
function downlinksIn(records: { at: number; record: JournalRecord }[]): Downlink[] {
  const shelf = createDownlinkShelf(new FoldState());
  for (const { at, record } of records) {
    if (record.kind === 'decided') for (const row of record.downlinks ?? []) shelf.put(row);
    if (record.kind === 'downlink') shelf.sent(record, at);
  }
  return [...shelf.all()];
}

function commandsOutcome(
  downlinks: Downlink[],
  commanded: readonly Commanded[],
  startAt: number,
): NonNullable<Outcome['commands']> {
  const arrived = commanded.map(({ atMs, deviceId, command: { name, expires } }) => {
    return `${sinceText(atMs)} ${name} at ${deviceId}, to be obeyed within ${expires} s`;
  });
  const asked = downlinks.map(({ ask, deviceId, by, reason, askedAt, sent, sentAt, state }) => {
    const last = sentAt === undefined ? '' : sinceText(sentAt - startAt);
    const sending = sent === 0 ? '' : sent === 1 ? `, sent ${last}` : `, sent ${sent} times, last ${last}`;
    const end = state.phase === 'waiting' ? 'waiting' : `${state.phase} ${sinceText(state.at - startAt)}`;
    const result = state.phase === 'done' ? `, ${state.result}` : '';
    return `${sinceText(askedAt - startAt)} ${ask.name} for ${deviceId}, by ${by.id} (${openText(reason, keys)})${sending}: ${end}${result}`;
  });
  return { asked, ...(arrived.length > 0 && { arrived }) };
}

function stateText({ state }: Incident, startAt: number): string {
  if (state.phase === 'open') return 'open';
  const by = `${state.phase} by ${state.by.id}`;
  if (state.phase === 'claimed') return `${by}, until ${sinceText(state.expiresAt - startAt)}`;
  return state.phase === 'resolved' ? `${by}: ${state.outcome}, ${state.contact}` : by;
}

const local = localTimeIn('Asia/Shanghai');

function alertLine(alert: IncidentAlert, startAt: number): string {
  const { at, severity, where, subject, clearedAt } = alert;
  const why = explain(alert, { language: 'en', local });
  const cleared = clearedAt === undefined ? '' : ` Cleared ${sinceText(clearedAt - startAt)}.`;
  return `${sinceText(at - startAt)} ${severity}, ${where.deviceId ?? subject.id}: ${why}${cleared}`;
}

/** In a scenario nothing is hidden from whoever reads what came of it. */
const keys = glassVault();

/** Ids that are made of counters and hashes say nothing to a reader, and only make outcomes differ. */
const unsaid = new Set(['alertId', 'alertIds', 'noteId', 'incidentId', 'noticeId']);

function timelineLine({ at, what, by, details }: TimelineEntry, startAt: number): string {
  const said = Object.entries(openTexts(details, keys))
    .filter(([name, value]) => !unsaid.has(name) && value !== false && value !== 0 && String(value) !== '')
    .map(([name, value]) => detailText(name, value, startAt));
  return [`${sinceText(at - startAt)} ${what}`, ...(by ? [`by ${by.id}`] : []), ...said].join(', ');
}

function detailText(name: string, value: Reason[string], startAt: number): string {
  if (value === true) return name;
  if (name.endsWith('At')) return `${name} ${sinceText(Number(value) - startAt)}`;
  return `${name} ${Array.isArray(value) ? value.join(' + ') : value}`;
}

function noteLine(change: AlertChange, startAt: number): string[] {
  if (change.type !== 'note') return [];
  const { what, at, where, reason } = change.note;
  const why = Object.entries(reason).filter(([name]) => !unsaid.has(name));
  const said = why.map(([name, value]) => detailText(name, value, startAt));
  return [[`${sinceText(at - startAt)} ${what}, ${where.deviceId}`, ...said].join(', ')];
}

function systemLine(record: JournalRecord, sinceMs: number): string[] {
  switch (record.kind) {
    case 'clock-step':
      return [`${sinceText(sinceMs)} the clock was set by ${sinceText(record.byMs)}`];
    case 'started':
      return [`${sinceText(sinceMs)} started, after ${sinceText(record.downMs)}`];
    case 'quarantined': {
      const { subject = 'all', error, lifeSafety } = record;
      return [`${sinceText(sinceMs)} skipped for ${subject}: ${error}${lifeSafety ? ' (life safety)' : ''}`];
    }
    default:
      return [];
  }
}
