/** ISA-18.2 priorities, in the order of their urgency. `critical` goes to people's phones at once, `service` to a work list. */
export type Severity = 'critical' | 'urgent' | 'service';

/** What an alert or an incident is about. */
export type Subject = { type: 'person' | 'place' | 'site' | 'device' | 'area' | 'system'; id: string };

/** Where a report came from, as the registry knew it then. A device that the registry does not know has only its id. */
export type Whereabouts = {
  deviceId?: string;
  /** The device came in through the enrolment credential: people read "unregistered device". */
  unregistered?: true;
  personId?: string;
  householdId?: string;
  placeId?: string;
  siteId?: string;
  areaId?: string;
};

/**
 * What `occurredAt` rests on. `trusted`: the device's running `age`, or its clock where an earlier report of the same boot
 * showed how far that is off. `untrusted`: it has a clock that nothing vouches for. `absent`: neither. The last two count
 * as now.
 */
export type ClockTrust = 'trusted' | 'untrusted' | 'absent';

/** Why, as data: readings, limits, transitions. Flat, so that a template and a person can both read it. */
export type Reason = { [name: string]: string | number | boolean | string[] };

/**
 * A condition of a person, place or device. `alertId` comes from its cause, so that a repeat names the same alert.
 * Units: `at` is journal time, `occurredAt` the world's, both epoch ms; `lateMs` is their difference where it is known.
 */
export type Alert = {
  alertId: string;
  rule: string;
  condition: Condition;
  severity: Severity;
  at: number;
  occurredAt: number;
  clock: ClockTrust;
  lateMs?: number;
  subject: Subject;
  where: Whereabouts;
  reason: Reason;
};

export type Condition =
  | 'smoke'
  | 'heat'
  | 'co'
  | 'gas'
  | 'water'
  | 'unreadable'
  | 'call-emergency'
  | 'call-care'
  | 'call-service'
  | 'fall'
  | 'fall-suspected'
  | 'device-silent'
  | 'battery-low'
  | 'counter-reused'
  | 'battery-forecast'
  | 'signal-weak'
  | 'clock-wrong'
  | 'device-fault'
  | 'tamper'
  | 'test-overdue'
  | 'visit-overdue'
  | 'village-outage'
  | 'uplink-lost'
  | 'probe-unanswered'
  | 'blind'
  | 'inactivity'
  | 'wandering'
  | 'position-unknown'
  | 'camp-moved'
  | 'cold'
  | 'hot'
  | 'vitals'
  | 'threshold'
  | 'readings-stopped'
  | 'record-quarantined'
  | 'journal-reserve'
  | 'keys-unwritten'
  | 'channel-trouble'
  | 'desk-empty'
  | 'drill-failed'
  | 'hand-over-open'
  | 'contacts-unproved'
  | 'ladder-empty'
  | 'notice-undelivered'
  | 'emergency-left-open';

/**
 * Which of them are life safety: they open incidents that only a person ends, and their alerts are latched; but that somebody was away is
 * over, where it was not critical, when they are home.
 */
export const lifeSafetyConditions: ReadonlySet<Condition> = new Set<Condition>([
  'smoke',
  'heat',
  'co',
  'gas',
  'water',
  'unreadable',
  'call-emergency',
  'fall',
  'inactivity',
  'wandering',
  'position-unknown',
]);

/**
 * What a rule says. `strengthen` adds evidence or severity to an alert that stands; `clear` says that its condition is
 * gone (a latched alert's incident stays open all the same); `note` is on record and calls nobody; `prompt` asks the person;
 * `coverage` is on record: whether anything still watches over somebody.
 */
export type AlertChange =
  | { type: 'raise'; alert: Alert }
  | { type: 'strengthen'; alertId: string; at: number; severity: Severity; reason: Reason }
  | { type: 'clear'; alertId: string; at: number; reason: Reason }
  | { type: 'note'; note: Note }
  | { type: 'prompt'; prompt: Prompt }
  | ({ type: 'coverage' } & Coverage)
  | ShadowWord;

/**
 * What a rule said under a setting that is only tried beside the one in force: on record, and nothing follows from it. `failed`: the
 * rule threw; what it knew of that subject under this setting is forgotten. Units: `at` is journal time, epoch ms.
 */
export type ShadowWord = {
  type: 'shadow';
  rule: string;
  settingId: string;
  at: number;
  change: AlertChange | { type: 'failed'; subject: string; error: string };
};

/**
 * The person, or without `personId` whoever is in the home, is asked whether all is well. What happens when nobody has answered by
 * `until` is the rule's own deadline. Units: epoch ms of journal time.
 */
export type Prompt = {
  promptId: string;
  rule: string;
  at: number;
  personId?: string;
  where: Whereabouts;
  about: Condition;
  until: number;
};

/** What can happen to a person that a device would notice. */
export const harms = ['fire', 'fall', 'call', 'wandering', 'silence'] as const;
export type Harm = (typeof harms)[number];

/**
 * Whether a device would notice that harm to that person: `watched`; `blind`: one did, and none does now; `never-equipped`: no device
 * for it was ever heard. `since`: from when on that is so, as far as it is known, which may be long before `at`, when it was noticed (epoch ms). `why`: what
 * keeps the devices from it, absent where one watches.
 */
export type Coverage = {
  personId: string;
  where: Whereabouts;
  harm: Harm;
  state: 'watched' | 'blind' | 'never-equipped';
  at: number;
  since: number;
  why?: Blindness;
};
export type Blindness =
  | 'silent'
  | 'fault'
  | 'tamper'
  | 'battery-empty'
  | 'test-window'
  | 'not-worn'
  | 'charging'
  | 'no-consent'
  | 'removed'
  | 'never-heard';

export type Note = {
  noteId: string;
  rule: string;
  what: 'test' | 'hushed' | 'fall-cancelled' | 'call-cancelled' | 'call-test' | 'call-repeated';
  at: number;
  occurredAt: number;
  subject: Subject;
  where: Whereabouts;
  reason: Reason;
};
