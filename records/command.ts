import { z } from 'zod';
import { deskHeartbeat } from './desk-watch.ts';
import { deviceAsk, longestLifeSeconds } from './downlink.ts';
import { callers, callKinds, callTopics, fieldOutcomes, levels, rescueNumbers, transferResults } from './incident.ts';
import { entityTypes, registryChange } from './registry.ts';
import { suppressible } from './suppression.ts';

const actor = z.strictObject({
  type: z.enum(['account', 'contact', 'system', 'api-key']),
  id: z.string().min(1).max(64),
});
const common = { commandId: z.string().min(8).max(64), by: actor };
const onIncident = { ...common, incidentId: z.string().max(200), expectedVersion: z.int().min(0) };

/** Something is wanted of a device, which sees `commandId` and answers with it: so it is short, and printable ASCII. */
export const deviceCommand = z.strictObject({
  type: z.literal('device-command'),
  commandId: z.string().regex(/^[\x21-\x7e]{8,32}$/, 'a device sees this id: 8 to 32 printable characters, no spaces'),
  by: actor,
  deviceId: z.string().max(32),
  ask: deviceAsk,
  /** Absent: the usual life of such a command (records/downlink.ts). */
  lifeSeconds: z.int().min(1).max(longestLifeSeconds).optional(),
  reason: z.string().min(1).max(200),
});
/** `cancels`: the id of a command that waits for its device. */
export const cancelDeviceCommand = z.strictObject({
  type: z.literal('cancel-device-command'),
  ...common,
  deviceId: z.string().max(32),
  cancels: z.string().max(32),
  reason: z.string().min(1).max(200),
});

/** Alarms of this detector are tests until then; refused without an end, or with one more than 2 hours away. */
export const testWindow = z.strictObject({
  type: z.literal('test-window'),
  ...common,
  deviceId: z.string().max(32),
  until: z.int(),
  reason: z.string().min(1).max(200),
});

const reason = z.string().min(1).max(200);
/** As it was dialled or shown, which is sealed; and blind, to find whose it is (records/phone.ts). */
const number = { number: z.string().min(1).max(400).optional(), phoneKey: z.string().min(1).max(64).optional() };
const ids = { householdId: z.string().max(32), personId: z.string().max(32), placeId: z.string().max(32) };

/**
 * A call came in by telephone and is somebody's work now. `callId`: the telephone system's own name of the call, so that what it tells
 * twice is one call. Of whoever, or where, it was; nobody knows more, or nothing, of some. `words`: what was said.
 */
export const openCall = z.strictObject({
  type: z.literal('open-call'),
  ...common,
  callId: z.string().min(1).max(64).optional(),
  kind: z.enum(callKinds),
  topic: z.enum(callTopics),
  caller: z.enum(callers),
  ...z.strictObject(ids).partial().shape,
  areaId: z.string().max(32).optional(),
  ...number,
  words: z.string().min(1).max(1_000).optional(),
});
export type OpenCall = z.infer<typeof openCall>;

/** A call that is nobody's work, or belongs to an incident that stands: on record, and in that one's timeline. */
export const callLog = z.strictObject({
  type: z.literal('call-log'),
  ...common,
  callId: z.string().min(1).max(64).optional(),
  what: z.enum(['wrong-number', 'nobody-there', 'question', 'called-back', 'call-again', 'complaint', 'missed']),
  about: z.string().max(200).optional(),
  ...number,
  words: z.string().min(1).max(1_000).optional(),
});
export type CallLog = z.infer<typeof callLog>;

const neverSuppressed = `one of ${suppressible.join(', ')}: fire, gas, CO and emergency calls always call people`;
/**
 * Alerts of these conditions there call nobody until then (epoch ms): on record, and work when they still stand at its end. What cannot
 * be suppressed, and for how long the rest: records/suppression.ts. `owner`: the account that answers for it.
 */
export const suppress = z.strictObject({
  type: z.literal('suppress'),
  ...common,
  scope: z.strictObject({ type: z.enum(['area', 'household', 'person', 'device']), id: z.string().min(1).max(32) }),
  conditions: z.array(z.enum(suppressible, neverSuppressed)).min(1).max(suppressible.length),
  owner: z.string().min(1).max(64),
  until: z.int('a suppression needs an end, in epoch milliseconds'),
  reason,
});
export type Suppress = z.infer<typeof suppress>;
/** `ends`: the id of the command that began it. */
export const unsuppress = z.strictObject({
  type: z.literal('unsuppress'),
  ...common,
  ends: z.string().min(8).max(64),
  reason,
});
export type Unsuppress = z.infer<typeof unsuppress>;

/**
 * Somebody saw what is personal, or was refused it; it changes nothing, and is on record. `of` is an entity of the registry or an
 * incident; `glass`: a right was taken for this one thing, for the reason given.
 */
export const look = z.strictObject({
  type: z.literal('look'),
  ...common,
  of: z.strictObject({ type: z.enum([...entityTypes, 'incident', 'registry', 'audit']), id: z.string().max(200) }),
  how: z.enum(['shown', 'refused', 'glass', 'exported']),
  reason: z.string().min(1).max(200).optional(),
});
/** How far the account of looks and changes reached, so that whoever cuts its end is found out; it changes nothing. */
export const auditMark = z.strictObject({
  type: z.literal('audit-mark'),
  ...common,
  n: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Of the alarm process about itself: whether the disk takes the keys under which personal data is sealed. */
const keysDisk = z.strictObject({ type: z.literal('keys-disk'), ...common, isWritten: z.boolean() });
export type KeysDisk = z.infer<typeof keysDisk>;
/** Of the alarm process: who watches at the desk, told at changes alone. */
const deskPresence = z.strictObject({ type: z.literal('desk-presence'), ...common, ...deskHeartbeat.shape });
export type DeskPresence = z.infer<typeof deskPresence>;
/** Of the alarm process: which simulated button is tried each night, and at which minute of the county's day; absent: none. */
const drillPlan = z.strictObject({
  type: z.literal('drill-plan'),
  ...common,
  plan: z.strictObject({ deviceId: z.string().min(1).max(32), minuteOfDay: z.int().min(0).max(1_439) }).optional(),
});
export type DrillPlan = z.infer<typeof drillPlan>;
/** Somebody was in a home, at `visitedAt` (epoch ms): on the round, because it was due after an event, or to see whether all is well. */
export const visit = z.strictObject({
  type: z.literal('visit'),
  ...common,
  householdId: z.string().max(32),
  visitedAt: z.int(),
  why: z.enum(['round', 'after-event', 'welfare']),
  result: z.enum(['well', 'helped', 'nobody-there']),
});

/** Of the alarm process about a way out, when it notices by itself what keeps it from being used; `none`: it works again. */
const channelTrouble = z.strictObject({
  type: z.literal('channel-trouble'),
  ...common,
  channel: z.string().min(1).max(64),
  trouble: z.enum(['credentials', 'limit', 'unreachable', 'none']),
  reason: z.string().max(200),
});
export type ChannelTrouble = z.infer<typeof channelTrouble>;

/**
 * Somebody answered from a telephone, by text or by key. `answer` and `code` are what was understood of it; whose number it is says
 * `phoneKey`. `about`: the notice that they answered, where the way says so. `via`: the channel by which it came.
 */
const reply = z.strictObject({
  type: z.literal('reply'),
  ...common,
  phoneKey: z.string().min(1).max(64),
  text: z.string().max(4_000),
  answer: z.enum(['going', 'cannot', 'arrived', 'false-alarm', 'help', 'unclear']),
  code: z.string().max(16).optional(),
  /** Minutes until they are there, where they said so. */
  minutes: z.int().min(1).max(600).optional(),
  via: z.string().min(1).max(64),
  about: z.string().max(300).optional(),
});
export type Reply = z.infer<typeof reply>;

/** Whoever is on duty by a roster offers the shift to somebody else, or whoever comes on duty says that they have it. */
export const handOver = z.strictObject({
  type: z.literal('hand-over'),
  ...common,
  rosterId: z.string().max(32),
  step: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('offer'), from: z.string().max(32), to: z.string().max(32) }),
    z.strictObject({ type: z.literal('accept'), contactId: z.string().max(32) }),
  ]),
});
export type HandOver = z.infer<typeof handOver>;

/** It is known that a contact can be reached by what is entered of them: they answered a call or a message, or were there when it was entered. */
export const contactProof = z.strictObject({
  type: z.literal('contact-proof'),
  ...common,
  contactId: z.string().max(32),
  how: z.enum(['call', 'reply', 'entered-by-desk']),
});
export type ContactProof = z.infer<typeof contactProof>;

/** What somebody who was asked whether all is well says to it: on the telephone to the desk, by a key, or in the room. */
export const promptAnswer = z.strictObject({
  type: z.literal('prompt-answer'),
  ...common,
  promptId: z.string().min(1).max(200),
  answer: z.enum(['fine', 'help']),
});

/**
 * What people ask for. It is journalled first and answered when it is applied: done, or a conflict with what is true now.
 * The same `commandId` twice is one command. Source: ARCHITECTURE.md.
 */
export const command = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('claim'), ...onIncident }),
  z.strictObject({ type: z.literal('release'), ...onIncident }),
  /** The claimant did something (an open call counts): the claim no longer expires. */
  z.strictObject({ type: z.literal('act'), ...onIncident, action: z.string().max(200) }),
  z.strictObject({
    type: z.literal('accept'),
    ...onIncident,
    contactId: z.string().max(64),
    expectedMinutes: z.int().min(1).max(600),
  }),
  z.strictObject({ type: z.literal('decline'), ...onIncident, contactId: z.string().max(64) }),
  z.strictObject({ type: z.literal('arrive'), ...onIncident }),
  z.strictObject({
    type: z.literal('resolve'),
    ...onIncident,
    outcome: z.enum(['helped', 'false-alarm', 'test', 'transferred', 'no-help-needed', 'equipment']),
    contact: z.enum(['reached', 'not-reached', 'not-applicable']),
    note: z.string().max(500).optional(),
  }),
  /** Somebody who was there says how it ended; it ends nothing by itself. */
  z.strictObject({
    type: z.literal('report'),
    ...onIncident,
    contactId: z.string().max(64),
    outcome: z.enum(fieldOutcomes),
    contact: z.enum(['reached', 'not-reached', 'not-applicable']),
  }),
  z.strictObject({ type: z.literal('reopen'), ...onIncident, reason: z.string().max(200) }),
  /** What was held since the system stood still, or was put back, goes out now, or not at all. */
  z.strictObject({ type: z.literal('let-go'), ...onIncident, choice: z.enum(['send', 'drop']) }),
  /** Somebody else's claim. */
  z.strictObject({ type: z.literal('take-over'), ...onIncident, reason }),
  /** To another level, up or down; clocks keep running. */
  z.strictObject({ type: z.literal('hand-up'), ...onIncident, to: z.enum(levels), reason }),
  /** It goes on as part of the incident `into`. */
  z.strictObject({ type: z.literal('merge'), ...onIncident, into: z.string().max(200), reason }),
  /** A person has telephoned them; `reference`: what they call it. */
  z.strictObject({
    type: z.literal('transfer'),
    ...onIncident,
    to: z.enum(rescueNumbers),
    reference: z.string().min(1).max(60).optional(),
  }),
  z.strictObject({
    type: z.literal('transfer-outcome'),
    ...onIncident,
    /** Of which service, where several were told. */
    to: z.enum(rescueNumbers).optional(),
    result: z.enum(transferResults),
    note: z.string().min(1).max(500).optional(),
  }),
  /** A call is more, or less, than was asked for. */
  z.strictObject({ type: z.literal('reclass'), ...onIncident, to: z.enum(callKinds), reason }),
  openCall,
  callLog,
  suppress,
  unsuppress,
  testWindow,
  /** Large imports come in parts; nothing is true before the commit. */
  z.strictObject({
    type: z.literal('registry-part'),
    ...common,
    importId: z.string().max(64),
    part: z.int().min(0),
    changes: z.array(registryChange).max(1000),
  }),
  z.strictObject({
    type: z.literal('registry-commit'),
    ...common,
    importId: z.string().max(64),
    parts: z.int().min(1).max(10_000),
    /** Why, where that is asked for: of an erasure. */
    reason: z.string().min(1).max(200).optional(),
  }),
  /** One change by itself. What was asked in former releases about devices alone: records/former-commands.ts. */
  z.strictObject({ type: z.literal('registry-change'), ...common, change: registryChange }),
  deviceCommand,
  cancelDeviceCommand,
  look,
  auditMark,
  keysDisk,
  visit,
  promptAnswer,
  channelTrouble,
  reply,
  deskPresence,
  drillPlan,
  handOver,
  contactProof,
]);
export type Command = z.infer<typeof command>;
export type Look = z.infer<typeof look>;
export type Visit = z.infer<typeof visit>;
export type PromptAnswer = z.infer<typeof promptAnswer>;

/** What a command came to. `conflict` says in words and, for an incident, by its current version what is true now. */
export type CommandResult =
  | { ok: true; version?: number; incidentId?: string }
  | { ok: false; problem: CommandProblem; message: string; currentVersion?: number };
export type CommandProblem = 'not-found' | 'version-conflict' | 'not-allowed' | 'invalid' | 'second-person-needed';
