import type { DrillReport } from '../incidents/drills.ts';
import type { Prompt, Reason } from '../records/alert.ts';
import type { AuditDraft } from '../records/audit.ts';
import type { CommandProblem, Look, PromptAnswer } from '../records/command.ts';
import type { WhyEmpty } from '../records/desk-watch.ts';
import type {
  Actor,
  ContactResult,
  Incident,
  IncidentAlert,
  IncidentCall,
  Ladder,
  Outcome,
  TimelineEntry,
  Told,
  Transfer,
} from '../records/incident.ts';
import type { OutcomeResult } from '../records/notice.ts';
import type { EventDelivery, SubscriptionHealth } from '../records/outgoing-event.ts';
import type { Account, ApiKey, Contact, Device, Person, Subscription } from '../records/registry.ts';
import type { Permission, Role } from '../records/rights.ts';
import type { Language } from '../records/texts/texts.ts';

// What the API says, and all that the page knows of it. Instants are epoch ms of journal time; names were unsealed for
// somebody who is signed in, and are absent when the registry no longer knows them.

/** `timeZone`: the county's. */
export type SessionAnswer = {
  account: { id: string; name?: string; language: Person['language'] };
  /** `area`: its name. */
  grants: { role: Role; areaId?: string; area?: string }[];
  /** Held somewhere: what the page may offer. */
  permissions: Permission[];
  timeZone: string;
};

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
  ladder: { phase: Ladder['phase']; rung?: number; nextAt?: number; dropped?: true };
  told: ToldShown[];
  /** `asked`: contacts who were asked whether they agree. */
  closing?: { by: NamedActor; askedAt: number; asked?: string[] };
  merged?: { incidentId: string; code: string }[];
  /** Of a call by telephone. */
  call?: Omit<IncidentCall, 'phoneKey'>;
  /** When somebody out there last said something that the desk has to hear. */
  saidAt?: number;
  /** What whoever was there says of the end. */
  report?: NonNullable<Incident['report']>;
  transferred?: TransferShown;
  /** Other services that were told, before that one. */
  transfers?: TransferShown[];
} & Pick<Incident, 'level' | 'mergedInto'>;

export type TransferShown = Omit<Transfer, 'by' | 'reference'> & { by: NamedActor };

/** `masked`: names and numbers are not shown as they are, and what was written and the way there are left out. */
export type IncidentDetail = IncidentCard & {
  masked: boolean;
  /** What the rights of whoever asks allow here, in whatever state it is. */
  may: { act: boolean; resolve: boolean };
  /** In their order; `earlierEntries` older ones are not kept here. */
  timeline: (Omit<TimelineEntry, 'by'> & { by?: NamedActor })[];
  earlierEntries: number;
  address?: string;
  /** The way there in words. */
  directions?: string;
  householdNote?: string;
  people: { name?: string; callName?: string }[];
  /** Everybody who is named in the timeline or was told, by id. */
  contacts: { [contactId: string]: ContactShown };
};

/** Whether the page counts as somebody who watches at the desk, and why not. */
export type AttendanceAnswer = { watching: boolean; why?: WhyEmpty };

/** Where a person was last seen, the oldest first. */
export type { LastTrack, TrackFix } from '../rules/wandering/last-track.ts';

/** Who was asked whether all is well, in the order in which they were asked. */
export type PromptPage = { prompts: PromptShown[] };
/** `answer`: the last one. `place`, `area`: their names, where the registry knows them. */
export type PromptShown = Pick<Prompt, 'promptId' | 'rule' | 'at' | 'until' | 'about' | 'personId'> & {
  householdId?: string;
  placeId?: string;
  place?: string;
  area?: string;
  answer?: PromptAnswer['answer'];
  answeredAt?: number;
};

/** What is held since the system stood still or was put back; at most 200, the most urgent first, and `more` others. */
export type HoldingPage = { at: number; held: HeldIncident[]; more: number };
/** `ageMs`: since its last alert. `desk`: the desk would sound. `would`: who would be told first, by which channels in their order. */
export type HeldIncident = { incident: IncidentCard; ageMs: number; desk: boolean; would: WouldTell[] };
export type WouldTell = {
  contactId: string;
  role: Contact['role'];
  purpose: 'alarm' | 'information';
  channels: string[];
};
/** How many were sent or dropped, and which were not, because something had changed. */
export type HoldingAnswer = {
  letGo: number;
  refused: { incidentId: string; code: string; problem: CommandProblem; message: string }[];
};

/** `areas`: the village first. */
export type WhereShown = {
  areas: string[];
  site?: string;
  place?: string;
  room?: string;
  person?: string;
  deviceId?: string;
  householdId?: string;
  personId?: string;
  unregistered?: true;
};
export type AlertShown = Pick<
  IncidentAlert,
  'alertId' | 'condition' | 'severity' | 'at' | 'occurredAt' | 'clock' | 'lateMs' | 'clearedAt'
> & {
  reason: Reason;
  /** Why it stands, as a sentence: what was seen, against which limit, since when (by the county's clock). */
  why: Record<Language, string>;
  site?: string;
  place?: string;
  room?: string;
  deviceId?: string;
  /** Homes to be visited because of it, in their order. */
  round?: HomeShown[];
};
/** `place`: what messages call it; `signAt`: the last sign of life from there, epoch ms. */
export type HomeShown = { householdId: string; place?: string; area?: string; signAt?: number };
export type NamedActor = Actor & { name?: string };
export type ToldShown = Omit<Told, 'noticeId'> & { name?: string; role?: Contact['role']; attempt?: Attempt };
/** The latest attempt at the newest notice to somebody. Without a result it is under way. */
export type Attempt = {
  at: number;
  channel: string;
  attempt: number;
  result?: OutcomeResult;
  /** A call was picked up, and no key was pressed. */
  heard?: true;
  /** The provider said later what became of it. */
  receipt?: true;
};
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
} & Proof;

/**
 * What was tried of the whole way, when there is somebody to try it: how the latest drill went, when each channel last took a message that
 * arrived (absent: never yet), and when the dead man outside was last told that all is well, or why not. Units: epoch ms.
 */
export type Proof = { drills?: DrillReport | undefined; deadMan?: { lastPingAt?: number; problem?: string } };

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
  /** Any other entry of the registry as it is now, where that is why. */
  entity?: { id: string; version: number } & Record<string, unknown>;
  /** What is wrong, one by one: the field or the cell, in English and (`zh`) in Chinese. */
  problems?: { field?: string; sheet?: string; line?: number; cell?: string; problem: string; zh: string }[];
  /** How many there are, where `problems` does not hold all. */
  problemCount?: number;
  retryAfterSeconds?: number;
};
export type ProblemCode =
  | CommandProblem
  | 'signed-out'
  | 'forbidden'
  | 'wrong-password'
  | 'locked'
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
  label:
    | { phase: 'none' | 'open' }
    | { phase: 'used'; at: number; by: { id: string; name?: string; type?: 'api-key' } };
};
/** By id; `next` asks for what follows. */
export type DevicePage = { devices: DeviceShown[]; next?: string };
/** `secret` and `claimCode` are shown in this answer and never again; `label` is the text of the QR code. */
export type DeviceMade = { device: DeviceShown; secret?: string; claimCode?: string; label?: string };

/**
 * A subscription as its managers see it: nothing of its secret. `publicKey`: what `v1a` signatures are checked with. `previousUntil`: until
 * then the secret before this one signs, too. Instants of `health` and `previousUntil` are of the wall clock (epoch ms).
 */
export type SubscriptionShown = Pick<Subscription, 'id' | 'name' | 'areaId' | 'types' | 'paused'> & {
  version: number;
  url?: string;
  publicKey?: string;
  previousUntil?: number;
  health: SubscriptionHealth;
};
/** By id; `next` asks for what follows. */
export type SubscriptionPage = { subscriptions: SubscriptionShown[]; next?: string };
/** `secret` is shown in this answer and never again. */
export type SubscriptionMade = { subscription: SubscriptionShown; secret: string };
/** The newest first; `next` asks for what is older. */
export type DeliveryPage = { deliveries: EventDelivery[]; next?: string };
/** What is sent again: from the record at `from` to that at `to`. `isWhole`: the journal reaches back to where it was asked from. */
export type ReplayAnswer = { from: string; to: string; isWhole: boolean };

/** An account without `grants` is older than rights, and may do everything everywhere. `isLocked`: guessing has closed a door of it. */
export type AccountShown = Pick<Account, 'id' | 'language' | 'grants'> & {
  name?: string;
  version: number;
  isLocked: boolean;
};
/** By id; `next` asks for what follows. */
export type AccountPage = { accounts: AccountShown[]; next?: string };
/** `password` is shown in this answer and never again; not at all while it is not known whether it stands. */
export type AccountMade = { account: AccountShown; password?: string };
/** `from`: an address, or a browser in which the account signed in before. Epoch ms. */
export type LockoutPage = { at: number; lockouts: { account: string; from: string; until: number }[] };
/** `lastUsedAt` (epoch ms) is as this process remembers it. */
export type ApiKeyShown = Omit<ApiKey, 'hash'> & { lastUsedAt?: number };
export type ApiKeyPage = { keys: ApiKeyShown[]; next?: string };
/** `token` is shown in this answer and never again. */
export type ApiKeyMade = { key: ApiKeyShown; token: string };
/** A command that was carried out, about an incident that this process does not know yet. */
export type CommandDone = { incidentId: string; version?: number };

/** Whose glass is or was broken for what, the latest first. What it shows ends at `until`. */
export type GlassPage = {
  at: number;
  glass: { id: string; by: NamedActor; of: Look['of']; at: number; until: number; reason?: string }[];
};

/** An entry of the account of looks and changes; `reason` is left out where whom it speaks of was erased. */
export type AuditEntryShown = Omit<AuditDraft, 'journal'> & { n: number; hash: string };
/** The newest first. A page may be short, or empty, and have a next one. */
export type AuditPage = { entries: AuditEntryShown[]; next?: string };

/** `stock`: what they wore, and can be given to somebody else; `labels`: of those of them that had none, shown in this answer and never again. */
export type PersonErased = {
  id: string;
  stock: string[];
  labels: { id: string; claimCode: string; label: string }[];
};
