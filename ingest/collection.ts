import type { HandOvers } from '../incidents/hand-overs.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { AlertChange } from '../records/alert.ts';
import type { CommandResult } from '../records/command.ts';
import type { Downlink } from '../records/downlink.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import type { LimitNear } from '../records/providers.ts';
import type { Registry } from '../records/registry-fold.ts';
import type { Engine, EngineAnswer } from '../rules/engine.ts';
import type { RuleEvent } from '../rules/event.ts';
import type { Decoder } from './decoder.ts';
import type { Downlinks } from './downlinks.ts';
import type { Overruled } from './history.ts';
import type { Judgement } from './judge.ts';

export type JudgeParts = {
  state: FoldState;
  registry: Registry;
  decoder: Decoder;
  engine: Engine;
  incidents: Incidents;
  outbox: NoticeFold;
  downlinks: Downlinks;
  carriage: CarriageFold;
  version: string;
};

/** The part of the judge that knows what providers were given: their limits, and which message a receipt speaks of. */
export type CarriageFold = {
  /** A window of which four fifths are used by this attempt. */
  attempting(record: AttemptingRecord, at: number): LimitNear | undefined;
  outcome(record: OutcomeRecord, at: number): void;
};

/** The part of the judge that knows which notice went where; `follow` tells it which incidents are over. */
export type NoticeFold = {
  issue(notice: Notice): void;
  withdraw(noticeId: string): void;
  /** What goes by the name of one incident, or prompt. */
  withdrawAll(incidentId: string): void;
  follow(incident: Incident): void;
  /** Somebody said of what they were told of an incident what they do. */
  answered(incidentId: string, contactId: string): void;
  /** Other providers carry messages from here on. */
  readdress(): void;
  attempting(record: AttemptingRecord, at: number): void;
  outcome(record: OutcomeRecord, at: number): void;
  rebuild(): void;
};

/** What one record has led to so far. */
export type Collection = {
  alerts: AlertChange[];
  /** By incident: one record writes each of them once, as it is in the end, however often it changed on the way. */
  incidents: Map<string, IncidentChange>;
  notices: Notice[];
  /** By id, for the same reason. */
  downlinks: Map<string, Downlink>;
  failures: EngineAnswer['failures'];
  rejections: Judgement['rejections'];
  removed: string[];
  devices: string[];
  result?: { commandId: string; result: CommandResult };
  differs?: Overruled | undefined;
};

export const newCollection = (): Collection => ({
  alerts: [],
  incidents: new Map(),
  notices: [],
  downlinks: new Map(),
  failures: [],
  rejections: [],
  removed: [],
  devices: [],
});

export function addDownlinks({ downlinks }: Collection, changed: Downlink[]): void {
  for (const row of changed) downlinks.set(row.id, row);
}

export function stepEvent(parts: JudgeParts, event: RuleEvent, at: number, into: Collection): void {
  collectRules(parts, parts.engine.step(event), at, into);
  addDownlinks(into, parts.downlinks.hear(event, at));
}

export function collectRules(parts: JudgeParts, answer: EngineAnswer, at: number, into: Collection): void {
  into.failures.push(...answer.failures);
  stepAlerts(parts, answer.changes, at, into);
}

export function stepAlerts(parts: JudgeParts, changes: AlertChange[], at: number, into: Collection): void {
  // Where another version judged what came before, a rule may come to what is on record already.
  const news = changes.filter((change) => change.type !== 'raise' || !parts.incidents.knows(change.alert.alertId));
  if (news.length === 0) return;
  into.alerts.push(...news);
  collectIncidents(parts, parts.incidents.step({ type: 'alerts', at, changes: news }), at, into);
}

export function collectIncidents(
  parts: JudgeParts,
  answer: ReturnType<Incidents['fire']>,
  at: number,
  into: Collection,
): void {
  into.alerts.push(...(answer.alerts ?? []));
  for (const change of answer.incidents) addIncident(into, change);
  into.failures.push(...(answer.failures ?? []));
  for (const notice of answer.notices) {
    into.notices.push(notice);
    parts.outbox.issue(notice);
  }
  for (const { incident } of answer.incidents) {
    parts.outbox.follow(incident);
    addDownlinks(into, parts.downlinks.follow(incident, at));
  }
}

/** Of those who answer for homes: who comes on duty is asked, and what is wrong with them is told of. */
export function collectHandOvers(
  parts: JudgeParts,
  { alerts, notices }: ReturnType<HandOvers['fire']>,
  at: number,
  into: Collection,
): void {
  for (const notice of notices) {
    into.notices.push(notice);
    parts.outbox.issue(notice);
  }
  stepAlerts(parts, alerts, at, into);
}

export function addIncident({ incidents }: Collection, { incident, timeline }: IncidentChange): void {
  const before = incidents.get(incident.incidentId);
  if (before) before.timeline.push(...timeline);
  incidents.set(incident.incidentId, { incident, timeline: before?.timeline ?? [...timeline] });
}
