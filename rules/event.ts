import type { DeviceKind, Report } from '../firmware-contracts/report.ts';
import type { ClockTrust, Whereabouts } from '../records/alert.ts';

/**
 * What rules step on, in the journal's order. `at` is journal time and drives deadlines; `occurredAt` is the world's.
 * `causeId` names the cause for ever: `deviceId:boot:seq:hash` for a report that could be identified, else its
 * position.
 */
export type RuleEvent = ReportEvent | UnreadableEvent | CounterReusedEvent | DeviceEvent | TestWindowEvent | TickEvent;

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

/** A rule's own deadline, and nothing else, has come. `where` is where its subject is known to be by then. */
export type TickEvent = { type: 'tick'; at: number; where: Whereabouts };

type Caused = { at: number; causeId: string; where: Whereabouts };
