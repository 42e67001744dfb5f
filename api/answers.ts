import type { Reason } from '../records/alert.ts';
import type { CommandProblem } from '../records/command.ts';
import type {
  Actor,
  ContactResult,
  Incident,
  IncidentAlert,
  Ladder,
  Outcome,
  TimelineEntry,
  Told,
} from '../records/incident.ts';
import type { OutcomeResult } from '../records/notice.ts';
import type { Account, Contact, Device, Person } from '../records/registry.ts';

// What the API says, and all that the page knows of it. Instants are epoch ms of journal time; names were unsealed for
// somebody who is signed in, and are absent when the registry no longer knows them.

/** `timeZone`: the county's. */
export type SessionAnswer = { account: { id: string; name?: string; language: Person['language'] }; timeZone: string };

/** An incident as the queue shows it: enough to act on, without telephone numbers and addresses. */
export type IncidentCard = Pick<
  Incident,
  'incidentId' | 'version' | 'code' | 'category' | 'severity' | 'openedAt' | 'lastAlertAt'
> & {
  /** Of its last change; a higher one replaces a lower. */
  revision: number;
  where: WhereShown;
  /** At most 12: the first, and then the latest. `moreAlerts` are not among them. */
  alerts: AlertShown[];
  moreAlerts: number;
  state: StateShown;
  ladder: { phase: Ladder['phase']; rung?: number; nextAt?: number };
  told: ToldShown[];
  closing?: { by: NamedActor; askedAt: number };
};

export type IncidentDetail = IncidentCard & {
  /** In their order; `earlierEntries` older ones are not kept here. */
  timeline: (Omit<TimelineEntry, 'by'> & { by?: NamedActor })[];
  earlierEntries: number;
  address?: string;
  householdNote?: string;
  people: { name?: string; callName?: string }[];
  /** Everybody who is named in the timeline or was told, by id. */
  contacts: { [contactId: string]: ContactShown };
};

/** `areas`: the village first. */
export type WhereShown = {
  areas: string[];
  site?: string;
  place?: string;
  room?: string;
  person?: string;
  deviceId?: string;
  unregistered?: true;
};
export type AlertShown = Pick<
  IncidentAlert,
  'alertId' | 'condition' | 'severity' | 'at' | 'occurredAt' | 'clock' | 'lateMs' | 'clearedAt'
> & { reason: Reason; place?: string; room?: string };
export type NamedActor = Actor & { name?: string };
export type ToldShown = Omit<Told, 'noticeId'> & { name?: string; role?: Contact['role']; attempt?: Attempt };
/** The latest attempt at the newest notice to somebody. Without a result it is under way. */
export type Attempt = { at: number; channel: string; attempt: number; result?: OutcomeResult };
export type ContactShown = { name?: string; role: Contact['role']; phone?: string };
export type StateShown =
  | { phase: 'open'; since: number }
  | { phase: 'claimed'; since: number; by: NamedActor; expiresAt: number; acted: boolean }
  | { phase: 'responding'; since: number; by: NamedActor; expectedAt: number }
  | { phase: 'on-scene'; since: number; by: NamedActor }
  | { phase: 'resolved'; since: number; by: NamedActor; outcome: Outcome; contact: ContactResult; note?: string };

/** The newest first; `next` asks for what is older. */
export type IncidentPage = { at: number; incidents: IncidentCard[]; next?: string };

/**
 * The stream: `snapshot` first (or only what changed, after a short break), then `incident` with each change, and `beat` every
 * five seconds. Without a beat nobody knows anything.
 */
export type Snapshot = {
  at: number;
  /** At most 300, the most urgent first; `moreOpen` are not among them. */
  open: IncidentCard[];
  moreOpen: number;
  /** The latest 20. */
  resolved: IncidentCard[];
  health: HealthReport;
};
export type Beat = { at: number; health: HealthReport };

/** `unknown`: nobody could look, or the last look is too old. It is never taken for well. */
export type PartState = 'well' | 'late' | 'failing' | 'unknown';
export type PartHealth = {
  state: PartState;
  why?: HealthWhy;
  /** When it last answered; absent: never. */
  seenAt?: number;
  lagRecords?: number;
  lagMs?: number;
};
export type HealthWhy =
  | 'no-answer'
  | 'starting'
  | 'catching-up'
  | 'behind'
  | 'disk-hangs'
  | 'disk-full'
  | 'database-away'
  | 'stopped';
/** `overall` is the worst of all parts. `watching`: whether what the page shows can be relied on. */
export type HealthReport = {
  at: number;
  overall: PartState;
  watching: PartState;
  parts: { alarm: PartHealth; journal: PartHealth; desk: PartHealth; projection: PartHealth; database: PartHealth };
};

/** RFC 9457. `code` is stable; `incident` is what is true now, where that is why. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  incident?: IncidentCard;
  /** The device as it is now, where that is why. */
  device?: DeviceShown;
  retryAfterSeconds?: number;
};
export type ProblemCode =
  | CommandProblem
  | 'signed-out'
  | 'wrong-password'
  | 'wrong-code'
  | 'claimed'
  | 'too-many'
  | 'foreign-request'
  | 'insecure'
  | 'unavailable'
  | 'failed';

/**
 * A device as the API shows it: nothing of its secret and its code but whether there is one. `version` is what a change has to name.
 * `label`: whether its code still binds it, or who used it when (epoch ms).
 */
export type DeviceShown = Pick<
  Device,
  'id' | 'kind' | 'placeId' | 'personId' | 'room' | 'intervalMinutes' | 'simulated'
> & {
  version: number;
  state: 'stock' | 'installed';
  /** The place's name. */
  place?: string;
  hasSecret: boolean;
  label: { phase: 'none' | 'open' } | { phase: 'used'; at: number; by: { id: Account['id']; name?: string } };
};
/** By id; `next` asks for what follows. */
export type DevicePage = { devices: DeviceShown[]; next?: string };
/** `secret` and `claimCode` are shown in this answer and never again; `label` is the text of the QR code. */
export type DeviceMade = { device: DeviceShown; secret?: string; claimCode?: string; label?: string };
