import { z } from 'zod';
import { deviceAsk, longestLifeSeconds } from './downlink.ts';
import { entityTypes, registryChange } from './registry.ts';

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
/** Somebody was in a home, at `visitedAt` (epoch ms): on the round, because it was due after an event, or to see whether all is well. */
export const visit = z.strictObject({
  type: z.literal('visit'),
  ...common,
  householdId: z.string().max(32),
  visitedAt: z.int(),
  why: z.enum(['round', 'after-event', 'welfare']),
  result: z.enum(['well', 'helped', 'nobody-there']),
});

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
  z.strictObject({ type: z.literal('reopen'), ...onIncident, reason: z.string().max(200) }),
  /** What was held since the system stood still, or was put back, goes out now, or not at all. */
  z.strictObject({ type: z.literal('let-go'), ...onIncident, choice: z.enum(['send', 'drop']) }),
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
]);
export type Command = z.infer<typeof command>;
export type Look = z.infer<typeof look>;
export type Visit = z.infer<typeof visit>;
export type PromptAnswer = z.infer<typeof promptAnswer>;

/** What a command came to. `conflict` says in words and, for an incident, by its current version what is true now. */
export type CommandResult =
  | { ok: true; version?: number }
  | { ok: false; problem: CommandProblem; message: string; currentVersion?: number };
export type CommandProblem = 'not-found' | 'version-conflict' | 'not-allowed' | 'invalid' | 'second-person-needed';
