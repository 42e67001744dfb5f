import type { DeviceCommand } from '../../firmware-contracts/commands.ts';
import type { ProjectedRows } from '../../ingest/projection-rows.ts';
import type { Condition } from '../../records/alert.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import type { Notice } from '../../records/notice.ts';
import type { EventPayload } from '../../responders/events/event-payload.ts';
import type { Home } from '../home.ts';
import type { FaultPlan, Window } from './faults.ts';
import type { LostTime } from './lost-time.ts';

/**
 * Everything that one world leaves to those who judge it. The invariants read this and nothing else. Instants named `atMs` are
 * of the world: ms since the start on a clock that nobody sets; instants in records are of the journal.
 */
export type Evidence = {
  seed: number;
  hours: number;
  /** When the world stopped; the storm was over long before. */
  endedAtMs: number;
  faults: FaultPlan;
  homes: readonly Home[];
  /** What really happened, in order. */
  truth: readonly Truth[];
  publishes: readonly Publish[];
  /** What clients said that should not be trusted, and the devices of homes whose secret is stolen. */
  hostile: { said: readonly HostileSay[]; thieves: ReadonlySet<string> };
  messages: readonly Heard[];
  /** What people answered by telephone. */
  texts: readonly Texted[];
  /** Commands that left the alarm process. */
  sent: readonly Sent[];
  asked: readonly Asked[];
  /** Whether there was one: an account is kept then, and a program elsewhere told. */
  office: boolean;
  /** Where people have duties: when, though the alarm process was there, nobody said that somebody is at the desk. */
  watch?: { unwatched: readonly Window[] };
  /** The account of looks and changes, line by line as it lies on the disk. */
  account: readonly string[];
  /** What a program elsewhere was told. */
  told: readonly Told[];
  /** How many events still rested until their next attempt. */
  waiting: number;
  /** In worlds whose machine is lost: what nobody but the system knows of, and what is not among the rest therefore. */
  lostTime?: LostTime;
  /** When something was in the way of an alarm. */
  troubles: readonly Trouble[];
  crashes: readonly { atMs: number; who: 'alarm' | 'desk' | 'both' | 'power'; at: string }[];
  journal: readonly Entry[];
  /** What was durable and then was gone, or another, in words. */
  lost: readonly string[];
  /** The live state at the end, and the same folded anew from the journal by a system that finds nothing else. */
  live: Judged;
  /** `differs`: records that would now be decided otherwise. */
  anew: Judged & { differs: number };
  /** Desk's live view and the store, each at the end and as a fresh fold of the journal makes it. */
  duty: { live: readonly Incident[]; anew: readonly Incident[] };
  store: { copied: Rows; anew: Rows };
  /** What was not done when the time for it was over; empty in a world that came to rest. */
  stuck: readonly string[];
  /** Errors in the logs. */
  complaints: readonly { atMs: number; process: 'alarm' | 'desk'; message: string }[];
  /** The most that was ever seen of what is bounded, with its bound. */
  peaks: readonly { what: string; most: number; bound: number }[];
};

export type Judged = { incidents: readonly Incident[]; openNotices: number };

/**
 * Something that happened to a person or a device, whether anybody noticed or not. `deviceId` is the device that should have
 * said so; `homeId` is also the place's id. `drill`: a test, not an emergency. `until`: how long it lasted, ms since the start.
 */
export type Truth = {
  atMs: number;
  what: TruthKind;
  homeId: string;
  deviceId: string;
  untilMs?: number;
};
export type TruthKind =
  | 'fire'
  | 'emergency-press'
  | 'care-press'
  | 'service-press'
  | 'fall'
  | 'fall-cancelled'
  | 'test'
  | 'battery-death'
  | 'power-cut'
  | 'factory-reset'
  | 'reboot'
  | 'away';

/**
 * One attempt of a device to bring one report to the broker. `arrivedAtMs`: each time the bytes reached the alarm process, of which
 * there may be several or none; `acknowledgedAtMs`: when the device had its PUBACK. `garbled`: not as the device made it.
 */
export type Publish = {
  atMs: number;
  deviceId: string;
  report: string;
  boot?: number;
  seq?: number;
  /** SHA-256 of the payload as it arrived, in hexadecimal. */
  hash: string;
  arrivedAtMs: number[];
  /** When the alarm process said that it is kept, the first time. */
  keptAtMs?: number;
  acknowledgedAtMs?: number;
  garbled?: 'cut' | 'newer-version' | 'unknown-field';
  /** The truth that it tells of, by its index. */
  truth?: number;
};

/** `homeId`: where it hangs, apart from the homes of people. `cries`: conditions that it must lead to. `keptAtMs`: acknowledged. */
export type HostileSay = Pick<Publish, 'atMs' | 'deviceId' | 'report' | 'hash' | 'keptAtMs'> & {
  homeId?: string;
  cries: readonly Condition[];
};

/** A message at a person: `arrived` is the truth, `answer` is what the channel was told. `others`: what else the same message says. */
export type Heard = {
  atMs: number;
  contactId: string | 'desk';
  channel: string;
  notice: Notice;
  others?: readonly Notice[];
  idempotencyId: string;
  body: string;
  arrived: boolean;
  answer: 'delivered' | 'accepted' | 'refused' | 'later' | 'none';
  /** Of what went to a telephone: the number, and when its provider was given it. */
  given?: { phone: string; atMs: number };
};

/** What somebody sent to a line of ours, or pressed in a call from it, each time that the provider began to tell it. `id`: the provider's. */
export type Texted = { atMs: number; line: string; id: string; phone: string; text: string };

/** A request at the program that subscribed. `body` is parsed; `arrived` is the truth, `answer` the status that was given, if any. */
export type Told = { atMs: number; id: string; body: EventPayload; arrived: boolean; answer?: number };

/** `arrivedAtMs`: absent, the device never heard it. */
export type Sent = { sentAtMs: number; arrivedAtMs?: number; deviceId: string; command: DeviceCommand };

export type Asked = { atMs: number; command: Command; result?: CommandResult; answeredAtMs?: number };

export type Trouble = Window & {
  what: 'alarm-down' | 'disk' | 'network' | 'providers' | 'store' | 'desk-down';
  village?: number;
};

/** `atMs`: when it was first known to be durable. `receivedAt` is journal time. */
export type Entry = { sequence: number; receivedAt: number; atMs: number; record: JournalRecord };

/** The rows of a store, in the order of their sequence. */
export type Rows = ProjectedRows;
