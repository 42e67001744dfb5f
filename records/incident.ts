import type { Alert, Condition, Severity, Subject, Whereabouts } from './alert.ts';

/**
 * The work people do about one or more alerts. Every decided change writes the whole of it (without its timeline, which
 * grows by entries) into a `decided` record, so that history shows what was decided and not what newer code would decide.
 */
export type Incident = {
  incidentId: string;
  /**
   * Counts what a person must have seen before acting: transitions, and alerts that came or became worse. Rungs of the
   * ladder and the fate of messages do not count. A command names the version it expects.
   */
  version: number;
  /** Four characters that people can say on the telephone. */
  code: string;
  category: IncidentCategory;
  severity: Severity;
  /** What new alerts are matched against: a person, a place, or for fire the site. */
  subject: Subject;
  where: Whereabouts;
  openedAt: number;
  lastAlertAt: number;
  alerts: IncidentAlert[];
  /** Alerts beyond the bound of the list: counted, not kept. */
  moreAlerts?: number;
  state: IncidentState;
  ladder: Ladder;
  /** Everyone who was told, once each: they hear how it ended. */
  told: Told[];
  /** Of work that is gathered by village and week. */
  week?: Week;
  /**
   * Somebody reported that nobody was reached; a second person has to agree before a life-safety incident ends. `asked`: contacts who
   * were asked whether they agree; `outcome` and `contact`: with what. All three are absent in what older releases decided.
   */
  closing?: {
    by: Actor;
    askedAt: number;
    outcome?: Exclude<Outcome, 'merged'>;
    contact?: ContactResult;
    asked?: string[];
  };
  /** How it ended, by the word of somebody who was there: the desk reads it before it ends the incident. */
  report?: { contactId: string; at: number; outcome: FieldOutcome; contact: ContactResult };
  /** Which level has it in hand now, since it was handed to it. */
  level?: Level;
  /** The emergency services know of it. It stays open until it is known what became of it there. */
  transferred?: Transfer;
  /** Other services that know of it, told before that one; absent in what older releases decided. */
  transfers?: Transfer[];
  /** It goes on as part of that one, which has its alerts and tells its people the end. */
  mergedInto?: string;
  /** Incidents that go on as part of this one. `key`: what new alerts of theirs are matched against. */
  merged?: { incidentId: string; code: string; key: string }[];
  /** Of a call that came in by telephone: what was asked for, and who called. The number is blind (records/phone.ts). */
  call?: IncidentCall;
};

/** Village station, township team, county desk. */
export const levels = ['village', 'township', 'county'] as const;
export type Level = (typeof levels)[number];

/** Fire, ambulance, police. A person telephones them; the system never does. */
export const rescueNumbers = ['119', '120', '110'] as const;
export type RescueNumber = (typeof rescueNumbers)[number];
export const transferResults = ['helped', 'hospital', 'nothing-found', 'not-coming'] as const;
export type TransferResult = (typeof transferResults)[number];
/** `result`: what became of it there; absent while it is not known. */
export type Transfer = {
  to: RescueNumber;
  at: number;
  by: Actor;
  reference?: string;
  result?: TransferResult;
};

/** The three keys of the call desk, and what the call was where it was no plain request. */
export const callKinds = ['rescue', 'care', 'service'] as const;
export type CallKind = (typeof callKinds)[number];
export const callers = ['person', 'neighbour', 'family', 'unknown'] as const;
export type Caller = (typeof callers)[number];
/** `silent`: somebody rang and said nothing; `callback`: they asked to be called. */
export const callTopics = ['request', 'complaint', 'silent', 'callback'] as const;
export type CallTopic = (typeof callTopics)[number];
export type IncidentCall = { kind: CallKind; topic: CallTopic; caller: Caller; phoneKey?: string };

/** `monday`: whole days since 1970-01-01 in the county; `endsAt`: epoch ms. */
export type Week = { monday: number; endsAt: number };

/**
 * A person who was told, and what came of the newest notice to them. `informed`: told for information alone, not asked to
 * go. `failed`: the channels on which that notice failed so far. `answer`: what they answered, to whichever notice. `updated`: they heard
 * that somebody is going. `arrived`: they are there. `stoodDown`: they heard that they need not come, and were not asked again.
 */
export type Told = {
  contactId: string;
  noticeId: string;
  at: number;
  reached: 'unknown' | 'delivered' | 'unreachable';
  informed?: true;
  failed?: string[];
  answer?: 'going' | 'cannot';
  updated?: true;
  arrived?: true;
  stoodDown?: true;
};

export type IncidentCategory =
  | 'fire'
  | 'fall'
  | 'call'
  | 'unreadable'
  | 'inactivity'
  | 'wandering'
  | 'reading'
  | 'supervision'
  | 'system';

export type IncidentAlert = Pick<
  Alert,
  'alertId' | 'rule' | 'severity' | 'at' | 'occurredAt' | 'clock' | 'lateMs' | 'subject' | 'where' | 'reason'
> & {
  condition: Condition;
  clearedAt?: number;
};

/** The state table of docs/incidents.md. Nothing times out to `resolved`. */
export type IncidentState =
  | { phase: 'open'; since: number }
  | { phase: 'claimed'; since: number; by: Actor; expiresAt: number; acted: boolean }
  /** `pressedAt`: the home's own button was pressed when they could have been there, which may have been them. */
  | { phase: 'responding'; since: number; by: Actor; expectedAt: number; pressedAt?: number }
  | { phase: 'on-scene'; since: number; by: Actor }
  | { phase: 'resolved'; since: number; by: Actor; outcome: Outcome; contact: ContactResult; note?: string };

/** Who did it: an account at the desk, a contact in the field, or the system itself. */
export type Actor = { type: 'account' | 'contact' | 'system' | 'api-key'; id: string };

/** `merged`: it goes on as part of another incident. */
export type Outcome = 'helped' | 'false-alarm' | 'test' | 'transferred' | 'no-help-needed' | 'equipment' | 'merged';
/** What somebody who was there can say of the end. */
export const fieldOutcomes = ['helped', 'no-help-needed', 'false-alarm'] as const satisfies readonly Outcome[];
export type FieldOutcome = (typeof fieldOutcomes)[number];
export type ContactResult = 'reached' | 'not-reached' | 'not-applicable';

/**
 * `running`: `nextAt` is when the next rung is due; without it everyone on the ladder was told. `paused`: a claim holds it
 * until the claim expires. `waiting`: a responder is on the way, or a second person was asked, and the next rung waits
 * until `nextAt`. `held`: the system stood still for hours or was put back from a backup, and it goes on when a person or
 * a new alert says so, whoever claims it meanwhile; `heldAt`: since when, absent in what older releases decided; `dropped`: a
 * person said that nobody is to be told of what was. `ended`: nobody else is told. `rung` is the last one told, from 1. `cause` is the version at which the ladder started: it names
 * its notices.
 */
export type Ladder =
  | (Climb & { phase: 'running'; nextAt?: number })
  | (Climb & { phase: 'paused' })
  | (Climb & { phase: 'waiting'; nextAt: number })
  | (Climb & { phase: 'held'; heldAt?: number; dropped?: true })
  | { phase: 'ended' };
/** `by`: what of the registry made the ladder that was climbed so far; absent: it is a default. */
export type Climb = { rung: number; startedAt: number; cause: number; by?: string };

/** One line of what happened, in the words of data; pages and messages put it into a language. */
export type TimelineEntry = {
  at: number;
  what:
    | 'opened'
    | 'alert'
    | 'alert-cleared'
    | 'call-again'
    | 'claimed'
    | 'claim-expired'
    | 'released'
    | 'acted'
    | 'accepted'
    | 'declined'
    | 'arrived'
    | 'resolved'
    | 'second-person-asked'
    | 'reopened'
    /** Emergency use without consent. */
    | 'located-without-consent'
    | 'held'
    | 'held-sent'
    | 'held-dropped'
    | 'rung'
    | 'rung-empty'
    | 'notified'
    | 'delivered'
    | 'undelivered'
    | 'refused-reply'
    /** Somebody answered in words that only people understand. */
    | 'replied'
    | 'help-asked'
    | 'taken-over'
    | 'handed-up'
    | 'merged'
    | 'merged-in'
    | 'transferred'
    | 'transfer-outcome'
    | 'reclassed'
    | 'reported'
    | 'updated'
    | 'arrival-doubted'
    | 'person-asked'
    | 'person-answered'
    | 'call-logged';
  by?: Actor;
  details: { [name: string]: string | number | boolean | string[] };
};

/** An incident after a transition, with what the timeline gains. */
export type IncidentChange = { incident: Incident; timeline: TimelineEntry[] };
