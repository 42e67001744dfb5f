import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import type { ClockTrust, Whereabouts } from '../records/alert.ts';
import type { PromptAnswer, Visit } from '../records/command.ts';

/**
 * What rules step on, in the journal's order. `at` is journal time and drives deadlines; `occurredAt` is the world's.
 * `causeId` names the cause for ever: `deviceId:boot:seq:hash` for a report that could be identified, else its
 * position.
 */
export type RuleEvent =
  | ReportEvent
  | UnreadableEvent
  | CounterReusedEvent
  | DeviceEvent
  | TestWindowEvent
  | VisitEvent
  | PromptAnsweredEvent
  | HomeChangedEvent
  | DeviceConditionEvent
  | UplinkEvent
  | EmergencyEvent
  | TickEvent;

/** A report as it was understood. `unread` names what was dropped or could not be understood, with the value. */
export type ReportEvent = Caused & {
  type: 'report';
  deviceKind?: DeviceKind;
  report: Report;
  occurredAt: number;
  clock: ClockTrust;
  /** Known lateness in ms; absent when it is unknown, which counts as now. */
  lateMs?: number;
  unread: string[];
};

/** Promise 3: a life-safety report that could not be read. The topic is enough. */
export type UnreadableEvent = Caused & { type: 'unreadable'; reportName: 'alarm' | 'fall' | 'press'; problem: string };

/**
 * The same boot and seq came with other bytes: a factory reset, or a fault. The report itself is an event of its own.
 */
export type CounterReusedEvent = Caused & { type: 'counter-reused'; boot: number; seq: number };

/**
 * The registry gained, changed or lost a device: supervision begins and ends with it. `device-heard`: something came from it that
 * tells nothing new, because it repeats what is known or cannot be read.
 */
export type DeviceEvent = {
  type: 'device-added' | 'device-removed' | 'device-heard';
  at: number;
  where: Whereabouts;
  deviceId: string;
  intervalMinutes: number;
};

/** A person declared that this detector is being tested until then. */
export type TestWindowEvent = {
  type: 'test-window';
  at: number;
  where: Whereabouts;
  deviceId: string;
  until: number;
  by: string;
};

/** Somebody was in a home at `visitedAt` (epoch ms), and met somebody or nobody. */
export type VisitEvent = {
  type: 'visit';
  at: number;
  where: Whereabouts;
  householdId: string;
  visitedAt: number;
  result: Visit['result'];
};

/** Somebody answered for the person who was asked, or the person did: `by` says who gave the answer. */
export type PromptAnsweredEvent = {
  type: 'prompt-answered';
  at: number;
  where: Whereabouts;
  promptId: string;
  personId?: string;
  answer: PromptAnswer['answer'];
  by: string;
};

/** The registry says something else of a household: of itself, its people, its place, its devices or where they are expected to be. */
export type HomeChangedEvent = { type: 'home-changed'; at: number; where: Whereabouts; householdId: string };

/**
 * Something about a device began or ended: it was heard for the first time, is worn or not, names other faults than before, or a rule that watches over devices raised or
 * cleared an alert about it. The engine derives it, and steps it right after what it follows from; for a device of a place
 * where several households live, once for each of them.
 */
export type DeviceConditionEvent = {
  type: 'device-condition';
  at: number;
  where: Whereabouts;
  deviceId: string;
  condition: DeviceCondition;
  began: boolean;
};
export type DeviceCondition =
  | 'heard'
  | 'not-worn'
  | 'charging'
  | 'silent'
  | 'battery-low'
  | 'battery-empty'
  | 'test-failed'
  | 'test-window'
  | 'fault'
  | 'fault-codes'
  | 'tamper'
  | 'signal-weak'
  | 'clock-wrong';

/** The host that the operator named as a sign that the world can reach us answers, or has not for a while; `heard`: though devices were. */
export type UplinkEvent = {
  type: 'uplink';
  at: number;
  where: Whereabouts;
  reachable: boolean;
  probe: string;
  heard?: true;
};

/** A life-safety rule raised a critical alert there, or made one critical. The engine derives it. */
export type EmergencyEvent = { type: 'emergency'; at: number; where: Whereabouts };

/** A rule's own deadline, and nothing else, has come. `where` is where its subject is known to be by then. */
export type TickEvent = { type: 'tick'; at: number; where: Whereabouts };

type Caused = { at: number; causeId: string; where: Whereabouts };
