import { parseNoticeId } from '../../incidents/notices.ts';
import type { Severity } from '../../records/alert.ts';
import type { CommandResult, Suppress, Unsuppress } from '../../records/command.ts';
import { type CoverageShelf, createCoverageShelf } from '../../records/coverage-shelf.ts';
import type { Downlink } from '../../records/downlink.ts';
import { createDownlinkShelf } from '../../records/downlink-shelf.ts';
import type { FoldState } from '../../records/fold-state.ts';
import type { Incident, IncidentChange, TimelineEntry } from '../../records/incident.ts';
import type { AttemptingRecord, DecidedRecord, JournalRecord, OutcomeRecord } from '../../records/journal-record.ts';
import { createPromptShelf, type PromptShelf } from '../../records/prompt-shelf.ts';
import { decodeRecord, recordKind } from '../../records/record-codec.ts';
import { followRegistry } from '../../records/registry-commands.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { createShadowShelf, type ShadowShelf } from '../../records/shadow-shelf.ts';
import { createSuppressionShelf, type SuppressionShelf } from '../../records/suppression.ts';
import type { Attempt } from '../answers.ts';
import { createGlassShelf, type GlassShelf } from '../rights/glass.ts';

/**
 * What the duty page shows, folded from the journal alone, so that it needs no database. Incidents are taken whole from
 * `decided` records: nothing is judged here. `registry` is of the same state, and follows its commands here.
 * A record changes all of it or, when it throws, nothing. Open incidents are never dropped.
 */
export function createDutyView({ state, registry }: { state: FoldState; registry: Registry }): DutyView {
  const incidents = state.table<DutyIncident>('duty-incidents');
  const timelines = state.table<Timeline>('duty-timelines');
  const counter = state.table<number>('duty-revision');
  const commands = followRegistry({ state, registry });
  const downlinks = createDownlinkShelf(state);
  const glass = createGlassShelf(state);
  const coverage = createCoverageShelf(state);
  const prompts = createPromptShelf(state);
  const shadows = createShadowShelf(state);
  const suppressions = createSuppressionShelf(state);
  /** By command: whether it was done is in the decision that follows. */
  const asked = state.table<{ command: Suppress | Unsuppress; at: number }>('duty-asked');
  const listeners = new Set<(changed: DutyIncident) => void>();
  const revision = () => counter.get('revision') ?? 0;
  let forgottenAtRevision = 0;

  function put(incident: Incident, attempts: DutyIncident['attempts'], said?: TimelineEntry): void {
    const saidAt = said?.at ?? incidents.get(incident.incidentId)?.saidAt;
    counter.set('revision', revision() + 1);
    const row = { incident, attempts, revision: revision(), ...(saidAt !== undefined && { saidAt }) };
    incidents.set(incident.incidentId, row);
  }

  function foldChange({ incident, timeline }: IncidentChange): string {
    const { incidentId, told } = incident;
    const before = incidents.get(incidentId)?.attempts ?? {};
    // An attempt is of interest while its notice is the newest one to that person.
    const attempts = Object.fromEntries(told.flatMap(({ noticeId }) => entryOf(before, noticeId)));
    put(incident, attempts, timeline.findLast(isForDesk));
    const { entries, earlier } = timelines.get(incidentId) ?? emptyTimeline;
    const all = [...entries, ...timeline];
    const kept = all.slice(-mostEntries);
    timelines.set(incidentId, { entries: kept, earlier: earlier + all.length - kept.length });
    return incidentId;
  }

  function foldAttempt(record: AttemptingRecord | OutcomeRecord, at: number): string[] {
    const { noticeId, channel, attempt } = record;
    const incidentId = parseNoticeId(noticeId)?.incidentId;
    const known = incidentId === undefined ? undefined : incidents.get(incidentId);
    if (!incidentId || !known?.incident.told.some((told) => told.noticeId === noticeId)) return [];
    put(known.incident, { ...known.attempts, [noticeId]: { at, channel, attempt, ...resultOf(record) } });
    return [incidentId];
  }

  function foldAnswer({ commandId, result }: NonNullable<DecidedRecord['result']>): void {
    const row = asked.get(commandId);
    asked.delete(commandId);
    if (!row || !result.ok) return;
    if (row.command.type === 'suppress') suppressions.put(row.command, row.at);
    else suppressions.end(row.command);
  }

  function fold(record: JournalRecord, at: number): string[] {
    switch (record.kind) {
      case 'command':
        for (const { id } of commands.follow(record.command)?.devicesRemoved ?? []) downlinks.forget(id);
        if (record.command.type === 'look' && record.command.how === 'glass') glass.put(record.command, at);
        if (record.command.type === 'suppress' || record.command.type === 'unsuppress')
          asked.set(record.command.commandId, { command: record.command, at });
        if (record.command.type === 'prompt-answer') prompts.answer(record.command.promptId, record.command.answer, at);
        return [];
      case 'downlink':
        downlinks.sent(record, at);
        return [];
      case 'decided':
        if (record.result) foldAnswer(record.result);
        for (const row of record.downlinks ?? []) downlinks.put(row);
        for (const change of record.alerts ?? []) {
          if (change.type === 'coverage') coverage.put(change);
          if (change.type === 'prompt') prompts.put(change.prompt);
          if (change.type === 'shadow') shadows.put(change);
        }
        return (record.incidents ?? []).map(foldChange);
      case 'attempting':
      case 'outcome':
        return foldAttempt(record, at);
      default:
        return [];
    }
  }

  function forgetResolved(now: number): void {
    for (const { incident, revision: changedAtRevision } of tooMany(resolvedIncidents(), now)) {
      incidents.delete(incident.incidentId);
      timelines.delete(incident.incidentId);
      forgottenAtRevision = Math.max(forgottenAtRevision, changedAtRevision);
    }
  }

  const all = () => [...incidents.values()];
  const resolvedIncidents = () =>
    all()
      .filter(({ incident }) => isResolved(incident))
      .sort((a, b) => b.incident.state.since - a.incident.state.since);

  return {
    apply({ receivedAt, body }) {
      if (!foldedKinds.has(recordKind(body))) return;
      const changed = state.attempt(() => {
        const ids = new Set(fold(decodeRecord(body), receivedAt));
        const now = [...ids].flatMap((id) => incidents.get(id) ?? []);
        if (now.some(({ incident }) => isResolved(incident))) forgetResolved(receivedAt);
        return now.sort((a, b) => a.revision - b.revision);
      });
      for (const incident of changed) for (const listener of listeners) listener(incident);
    },
    rebuild() {
      registry.rebuild();
      downlinks.rebuild();
    },
    downlink: downlinks.get,
    downlinks: downlinks.ofDevice,
    answerTo: commands.answerTo,
    glass,
    prompts,
    coverageOf: coverage.of,
    shadowAlerts: shadows.all,
    suppressions,
    openIncidents: () =>
      all()
        .filter(({ incident }) => !isResolved(incident))
        .sort(byUrgency),
    resolvedIncidents,
    incident: (incidentId) => incidents.get(incidentId),
    timeline: (incidentId) => timelines.get(incidentId) ?? emptyTimeline,
    revision,
    changedSince(seen) {
      if (seen > revision() || seen < forgottenAtRevision) return undefined;
      return all()
        .filter((one) => one.revision > seen)
        .sort((a, b) => a.revision - b.revision);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Instants are epoch ms of journal time. */
export type DutyView = {
  /** The next record, once and in order. Reports are passed over unread. Errors: a record of a newer release. */
  apply(stored: { sequence: number; receivedAt: number; body: Uint8Array }): void;
  /** Makes the registry's index anew; once, after a checkpoint was loaded. */
  rebuild(): void;
  /** What a change of the registry came to that this view has folded; remembered as long as the alarm process does. */
  answerTo(commandId: string): CommandResult | undefined;
  /** Whose glass was broken for what. */
  glass: GlassShelf;
  /** Who was asked whether all is well. */
  prompts: Pick<PromptShelf, 'get' | 'all'>;
  coverageOf: CoverageShelf['of'];
  /** What settings that are only tried have raised, the oldest first. */
  shadowAlerts: ShadowShelf['all'];
  /** What is kept from people for a while. */
  suppressions: Pick<SuppressionShelf, 'get' | 'all'>;
  /** A command to a device, while it is kept. */
  downlink(id: string): Downlink | undefined;
  /** What one device was asked to do, in that order: what waits, and what became of the latest others. */
  downlinks(deviceId: string): Downlink[];
  /** The most urgent first, then the oldest. */
  openIncidents(): DutyIncident[];
  /** The latest first: at most 1,000, at most 7 days old. */
  resolvedIncidents(): DutyIncident[];
  /** Open, or recently resolved. */
  incident(incidentId: string): DutyIncident | undefined;
  timeline(incidentId: string): Timeline;
  /** Counts the changes of all incidents. */
  revision(): number;
  /** What changed after a revision of this process, in that order; undefined when that is no longer known. */
  changedSince(revision: number): DutyIncident[] | undefined;
  /** Called with each incident as it is after a record; answers how to end it. */
  onChange(listener: (changed: DutyIncident) => void): () => void;
};

/** `attempts`: by notice id, the latest attempt at the newest notice to each person. `revision`: of its last change. */
export type DutyIncident = {
  incident: Incident;
  attempts: { [noticeId: string]: Attempt };
  revision: number;
  /** When somebody out there last said something that the desk has to hear, epoch ms. */
  saidAt?: number;
};
/** The last 500 entries in their order; `earlier` says how many are not shown. */
export type Timeline = { entries: TimelineEntry[]; earlier: number };

function resultOf(record: AttemptingRecord | OutcomeRecord): Pick<Attempt, 'result' | 'heard' | 'receipt'> {
  if (record.kind === 'attempting') return {};
  const { result, detail, receipt } = record;
  return { result, ...(detail === 'heard' && { heard: true }), ...(receipt && { receipt }) };
}

const foldedKinds: ReadonlySet<JournalRecord['kind']> = new Set([
  'command',
  'decided',
  'attempting',
  'outcome',
  'downlink',
]);
/** Help is wanted, somebody is there who cannot be yet, it is over there, or words that nobody understood. */
const isForDesk = ({ what, details }: TimelineEntry): boolean =>
  ['help-asked', 'arrival-doubted', 'reported', 'replied'].includes(what) ||
  (what === 'person-answered' && details.answer === 'help');
const emptyTimeline: Timeline = { entries: [], earlier: 0 };
const mostEntries = 500;
const mostResolved = 1_000;
const keepResolvedMs = 7 * 24 * 3_600_000;
const urgency: Record<Severity, number> = { critical: 0, urgent: 1, service: 2 };

const isResolved = ({ state }: Incident): boolean => state.phase === 'resolved';

function byUrgency({ incident: a }: DutyIncident, { incident: b }: DutyIncident): number {
  return urgency[a.severity] - urgency[b.severity] || a.openedAt - b.openedAt;
}

function tooMany(latestFirst: DutyIncident[], now: number): DutyIncident[] {
  return latestFirst.filter(
    ({ incident }, index) => index >= mostResolved || now - incident.state.since > keepResolvedMs,
  );
}

function entryOf(attempts: DutyIncident['attempts'], noticeId: string): [string, Attempt][] {
  const attempt = attempts[noticeId];
  return attempt ? [[noticeId, attempt]] : [];
}
