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
  /** Somebody reported that nobody was reached; a second person has to agree before a life-safety incident ends. */
  closing?: { by: Actor; askedAt: number };
};

/** `monday`: whole days since 1970-01-01 in the county; `endsAt`: epoch ms. */
export type Week = { monday: number; endsAt: number };

/**
 * A person who was told, and what came of the newest notice to them. `informed`: told for information alone, not asked to
 * go. `failed`: the channels on which that notice failed so far. `answer`: what they answered, to whichever notice.
 */
export type Told = {
  contactId: string;
  noticeId: string;
  at: number;
  reached: 'unknown' | 'delivered' | 'unreachable';
  informed?: true;
  failed?: string[];
  answer?: 'going' | 'cannot';
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
  | { phase: 'responding'; since: number; by: Actor; expectedAt: number }
  | { phase: 'on-scene'; since: number; by: Actor }
  | { phase: 'resolved'; since: number; by: Actor; outcome: Outcome; contact: ContactResult; note?: string };

/** Who did it: an account at the desk, a contact in the field, or the system itself. */
export type Actor = { type: 'account' | 'contact' | 'system' | 'api-key'; id: string };

export type Outcome = 'helped' | 'false-alarm' | 'test' | 'transferred' | 'no-help-needed' | 'equipment';
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
export type Climb = { rung: number; startedAt: number; cause: number };

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
    | 'refused-reply';
  by?: Actor;
  details: { [name: string]: string | number | boolean | string[] };
};

/** An incident after a transition, with what the timeline gains. */
export type IncidentChange = { incident: Incident; timeline: TimelineEntry[] };
