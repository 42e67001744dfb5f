import { z } from 'zod';

/** What fields of several entities have in common. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'an id is 1-32 letters, digits, "_" or "-"');
/** A personal value as the journal, snapshots and the database keep it: under its owner's key, in base64. */
export const sealed = z.strictObject({ sealed: z.string().min(1).max(4096) });
/** Personal data: text while it is entered and read, sealed wherever it is kept. */
export const personal = (schema: z.ZodString) => z.union([schema, sealed]).meta({ personal: true });
/** Personal, and never shown again unless an operator asks for it by name. */
export const secret = (schema: z.ZodString) => z.union([schema, sealed]).meta({ personal: true, secret: true });
export const clock = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'a time of day is like 22:00');
/** Hours of a day in the county's zone; over midnight they belong to the day on which they begin. */
export const hours = z.strictObject({ from: clock, to: clock });
/** 1 is Monday. */
export const weekday = z.int().min(1).max(7);
/** `self`: the way to the person, or to the household: they are asked whether all is well, and sent to nobody. */
export const contactRole = z.enum([
  ...(['neighbour', 'family', 'night-carer', 'station', 'fire-post', 'township', 'county', 'desk', 'self'] as const),
]);
/** The kinds of ways to reach somebody. */
export const channelTypes = ['webhook', 'log', 'sms', 'voice', 'email', 'dingtalk', 'wecom', 'feishu'] as const;
