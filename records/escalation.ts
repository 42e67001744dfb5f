import { z } from 'zod';
import type { Condition } from './alert.ts';
import { channelTypes, clock, contactRole, hours, id, personal, weekday } from './registry-fields.ts';

/** Conditions for which people are called out, and for which a policy may say who. */
export const calledConditions = [
  ...(['smoke', 'heat', 'co', 'gas', 'water', 'unreadable', 'call-emergency', 'call-care'] as const),
  ...(['fall', 'fall-suspected', 'inactivity', 'wandering', 'position-unknown'] as const),
  ...(['cold', 'hot', 'vitals', 'threshold', 'blind', 'village-outage'] as const),
] as const satisfies readonly Condition[];

const nth = z.int().min(1).max(9);
/**
 * Who is told: the nth contact of a role, the one who answers most nearly for the home first; everybody of a role; the nth nearest of
 * a role by minutes of travel, of those who are not on the way elsewhere; whoever is on duty by a roster; or one contact by name.
 */
const seat = z.union([
  z.strictObject({ role: contactRole, nth: nth.default(1) }),
  z.strictObject({ each: contactRole }),
  z.strictObject({ nearest: nth, role: contactRole }),
  z.strictObject({ rosterId: id }),
  z.strictObject({ contactId: id }),
]);
export type Seat = z.infer<typeof seat>;

/**
 * `afterSeconds`: since the ladder began. `tell`: asked to go. `inform`: everybody of a role hears of it. `desk`: the desk sounds.
 * `channels`: by these kinds first, in this order; the others of whoever is told follow when they fail.
 */
const rung = z.strictObject({
  afterSeconds: z.int().min(0).max(7200),
  tell: z.array(seat).max(8),
  inform: contactRole.optional(),
  desk: z.boolean().optional(),
  channels: z.array(z.enum(channelTypes)).min(1).max(channelTypes.length).optional(),
});

/**
 * Who is told of what happens in its scope, when and how. The narrowest scope that fits has the word; among the same scope one for
 * some conditions, then one for some hours (in the county's zone; over midnight they belong to the day on which they begin).
 * `nights`: `fair` lets whoever was called most in the last seven nights come later among equals.
 */
export const policy = z.strictObject({
  id,
  name: z.string().min(1).max(60),
  scope: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('all') }),
    z.strictObject({ type: z.enum(['area', 'site', 'household', 'person']), id }),
  ]),
  severity: z.enum(['critical', 'urgent']),
  conditions: z.array(z.enum(calledConditions)).min(1).max(calledConditions.length).optional(),
  hours: hours.optional(),
  rungs: z.array(rung).min(1).max(12),
  /** The rungs go round: so often at the first pace, then at the second. */
  repeat: z
    .strictObject({
      everySeconds: z.int().min(60).max(7200),
      times: z.int().min(0).max(100),
      thenEverySeconds: z.int().min(60).max(86_400),
    })
    .optional(),
  nights: z.enum(['fair', 'in-order']).default('fair'),
});

/** A day in the county's calendar, like 2026-10-01. */
const date = z.iso.date();

/**
 * Who is on duty. A shift recurs on its weekdays, or is on one date; its hours go over midnight when they end at or before they begin. A
 * swap: on shifts that begin on that date one stands in for the other. A holiday has the shifts of another weekday. With
 * `acceptWithinMinutes` whoever comes on duty has to say so; until then who was on duty stays on it as well.
 */
export const roster = z.strictObject({
  id,
  name: z.string().min(1).max(60),
  of: z.strictObject({ type: z.enum(['area', 'site']), id }),
  shifts: z
    .array(
      z.strictObject({
        contactId: id,
        weekdays: z.array(weekday).min(1).max(7).optional(),
        date: date.optional(),
        from: clock,
        to: clock,
      }),
    )
    .min(1)
    .max(200),
  swaps: z
    .array(z.strictObject({ date, from: id, to: id }))
    .max(200)
    .default([]),
  holidays: z
    .array(z.strictObject({ date, as: weekday }))
    .max(60)
    .default([]),
  acceptWithinMinutes: z.int().min(1).max(240).optional(),
});

/**
 * Somebody who calls often without need, by agreement: the desk and the person come first, and neighbours after a minute in which nobody
 * claimed. Never for fire, never without an end (`until`, epoch ms), and never silent. `owner`: who answers for it, by their account.
 */
export const profile = z.strictObject({
  id,
  of: z.strictObject({ type: z.enum(['household', 'person']), id }),
  owner: z.string().min(1).max(64),
  reason: personal(z.string().min(1).max(200)),
  until: z.int(),
});
