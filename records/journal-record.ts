import type { AlertChange } from './alert.ts';
import type { Carrier, CarrierProducts } from './carrier-products.ts';
import type { Command, CommandResult } from './command.ts';
import type { Downlink } from './downlink.ts';
import type { IncidentChange } from './incident.ts';
import type { Notice, OutcomeResult } from './notice.ts';
import type { ProviderEntry } from './providers.ts';

/** One entry of the journal: what came in, what was asked, what was decided. */
export type JournalRecord =
  | ReportRecord
  | { kind: 'tick' }
  /**
   * The wall clock was stepped. `byMs` is how far journal time moved with it; 0: the wall came back to where journal time
   * already was; negative: the wall went back, and journal time runs a little slower until they meet.
   */
  | { kind: 'clock-step'; byMs: number; wallAt: number }
  | StartedRecord
  | { kind: 'command'; command: Command }
  | DecidedRecord
  | AttemptingRecord
  | OutcomeRecord
  | DownlinkRecord
  | QuarantinedRecord
  /** The journal began or ceased to live on its reserve; operators are told. */
  | { kind: 'reserve'; inUse: boolean; freeBytes: number }
  /**
   * The host that the operator named answers again, or has not for a while: whether the world can reach us. `heard`: it does not
   * answer, but devices were heard meanwhile, so that they can reach us all the same.
   */
  | { kind: 'uplink'; reachable: boolean; probe: string; heard?: true }
  /** How the products of carriers speak, from here on: what is journalled is judged by what is journalled. */
  | { kind: 'carrier-products'; table: CarrierProducts }
  /** What the installation can send by, from here on, without its secrets. */
  | { kind: 'providers'; table: ProviderEntry[] }
  /** What stood there was damaged and repaired away; a `quarantined` record at the journal's end says so to people. */
  | { kind: 'lost' };

/**
 * The alarm process is up again; `downMs` is how long nobody listened (0 on a new journal). `restored`: the journal was put back
 * from a backup that was taken at that time (epoch ms), and what came after it is not known here.
 */
export type StartedRecord = { kind: 'started'; version: string; downMs: number; restored?: { takenAt: number } };

/** A publish as it came, or a carrier's push: the bytes are kept before they are understood. */
export type ReportRecord = {
  kind: 'report';
  /** The way in. Other ways bring their own identity; `boot` and `seq` are MQTT's. */
  source: 'mqtt' | Carrier;
  deviceId: string;
  /** `enrolment`: not in the registry, let in by the enrolment credential for life safety alone. */
  standing: 'registered' | 'enrolment';
  /** The third topic level: a report's name, or `batch`. Of a carrier's push `alarm` when a life may hang on it, else `push`. */
  report: string;
  payload: Uint8Array;
};

/** What followed from the record at `cause`, and which version decided it. Absent lists are empty. */
export type DecidedRecord = {
  kind: 'decided';
  cause: number;
  version: string;
  alerts?: AlertChange[];
  incidents?: IncidentChange[];
  notices?: Notice[];
  /** Commands to devices that came or changed, each as it is from then on. */
  downlinks?: Downlink[];
  result?: { commandId: string; result: CommandResult };
};

/** `provisional`: it went out before its cause was on disk, under the id that it has all the same. */
export type AttemptingRecord = {
  kind: 'attempting';
  noticeId: string;
  channel: string;
  attempt: number;
  /** Whom it goes to, blind: what limits of the provider are counted by. Absent where there are none. */
  target?: string;
  template?: string;
  /** The notice in whose message this one went, as one of many: the message is counted once. */
  digestOf?: string;
  provisional?: true;
};

/**
 * `retryAfterMs`: the provider asked for that much rest, counted from this record. `final`: nobody tries this notice
 * again, on any channel. `provisional`: of an attempt that was.
 */
export type OutcomeRecord = {
  kind: 'outcome';
  noticeId: string;
  channel: string;
  attempt: number;
  result: OutcomeResult;
  detail?: string;
  retryAfterMs?: number;
  /** By which the provider tells later what became of it. */
  messageId?: string;
  /** What the provider told later, of an attempt that it had accepted. */
  receipt?: true;
  trouble?: Trouble;
  /** The notice in whose message this one went. */
  digestOf?: string;
  final?: true;
  provisional?: true;
};

/**
 * What keeps a way out from being used, whoever is written to: `credentials`, which the operator has to mend; `limit`, of the provider or
 * ours; `unreachable`, because the provider, the line or the network does not answer.
 */
export type Trouble = 'credentials' | 'limit' | 'unreachable';

/** A command is about to be sent to its device, which may not be there any more: only its `done` says that it was obeyed. */
export type DownlinkRecord = { kind: 'downlink'; id: string; deviceId: string };

/** `follower` skips what the record at `sequence` would do to `subject` (to all, when absent), because it died of it. */
export type QuarantinedRecord = {
  kind: 'quarantined';
  follower: string;
  sequence: number;
  subject?: string;
  error: string;
  lifeSafety: boolean;
  deviceId?: string;
};
