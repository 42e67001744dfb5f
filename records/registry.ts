import { z } from 'zod';

const id = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/, 'an id is 1-32 letters, digits, "_" or "-"');
/** Personal data: in an import it is text; in the journal, snapshots and database it is sealed under its owner's key. */
const personal = (schema: z.ZodString) => z.union([schema, sealed]).meta({ personal: true });
const sealed = z.strictObject({ sealed: z.string().max(4096) });
const language = z.enum(['zh-CN', 'en']);

export const area = z.strictObject({
  id,
  level: z.enum(['county', 'township', 'village']),
  parentId: id.optional(),
  name: z.string().min(1).max(60),
});
export const site = z.strictObject({
  id,
  areaId: id,
  name: z.string().min(1).max(60),
  kind: z.enum(['care-home', 'mutual-help-house']),
});
/** `position` states its datum; WGS-84 is what is kept. */
export const place = z.strictObject({
  id,
  areaId: id,
  siteId: id.optional(),
  kind: z.enum(['house', 'winter-camp', 'summer-camp', 'room', 'bed']),
  /** What messages call it, without naming a person: "west of the well", "room 12". */
  name: z.string().min(1).max(60),
  address: personal(z.string().max(200)).optional(),
  position: z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180), datum: z.enum(['WGS-84', 'GCJ-02']) }).optional(),
});
export const household = z.strictObject({ id, areaId: id, currentPlaceId: id, note: personal(z.string().max(500)).optional() });
export const person = z.strictObject({
  id,
  householdId: id,
  name: personal(z.string().min(1).max(60)),
  /** Agreed with the person: what contacts read instead of a full name. */
  callName: personal(z.string().min(1).max(40)).optional(),
  categories: z.array(z.enum(['living-alone', 'advanced-age', 'left-behind', 'low-income', 'disabled', 'dementia'])).max(8).default([]),
  language: language.default('zh-CN'),
});
export const channelAddress = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('webhook'), url: personal(z.string().max(500)), secret: personal(z.string().max(200)) }),
  z.strictObject({ type: z.literal('log') }),
]);
export const contact = z.strictObject({
  id,
  /** Whom or what it answers for: a place's neighbour, an area's station, a site's night carer. */
  of: z.strictObject({ type: z.enum(['person', 'household', 'place', 'site', 'area']), id }),
  role: z.enum(['neighbour', 'family', 'night-carer', 'station', 'township', 'county', 'desk']),
  /** Lower comes first among the same role. */
  order: z.int().min(1).max(99).default(1),
  name: personal(z.string().min(1).max(60)),
  phone: personal(z.string().max(30)).optional(),
  language: language.default('zh-CN'),
  channels: z.array(channelAddress).min(1).max(5),
});
export const device = z.strictObject({
  id,
  kind: z.enum(['smoke-detector', 'wearable', 'call-button', 'presence-sensor']),
  placeId: id.optional(),
  personId: id.optional(),
  room: z.string().max(40).optional(),
  /** How often it promises a report; a silent device is measured by it. */
  intervalMinutes: z.int().min(1).max(10_080).default(1440),
  /** HMAC-SHA256 of salt and secret under the installation's pepper, both base64; the secret itself is never kept. */
  credential: z.strictObject({ salt: z.string().max(64), hmac: z.string().max(64) }).optional(),
  simulated: z.boolean().default(false),
});
/** `hash` is a scrypt string in PHC format; made and compared in desk. */
export const account = z.strictObject({ id, name: z.string().min(1).max(60), hash: z.string().max(300), language: language.default('zh-CN') });
/** Overrides of a rule's settings, from the widest scope to the narrowest. */
export const ruleSetting = z.strictObject({
  id,
  rule: z.string().max(40),
  scope: z.strictObject({ type: z.enum(['all', 'area', 'category', 'household', 'person', 'device']), id: z.string().max(32).optional() }),
  settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
});

export const entities = { area, site, place, household, person, contact, device, account, ruleSetting } as const;
export type EntityType = keyof typeof entities;
export type Entity<T extends EntityType> = z.infer<(typeof entities)[T]>;
export type Area = Entity<'area'>;
export type Site = Entity<'site'>;
export type Place = Entity<'place'>;
export type Household = Entity<'household'>;
export type Person = Entity<'person'>;
export type Contact = Entity<'contact'>;
export type Device = Entity<'device'>;
export type Account = Entity<'account'>;
export type RuleSetting = Entity<'ruleSetting'>;
export type Sealed = z.infer<typeof sealed>;

const entityTypes = Object.keys(entities) as [EntityType, ...EntityType[]];
/** One change of the registry; personal fields are sealed before it becomes a record. */
export const registryChange = z.discriminatedUnion('type', [
  ...entityTypes.map((type) => z.strictObject({ type: z.literal('put'), entity: z.literal(type), value: entities[type] })),
] as never) as unknown as z.ZodType<RegistryChange>;
export type RegistryChange =
  | { [T in EntityType]: { type: 'put'; entity: T; value: Entity<T> } }[EntityType]
  | { type: 'remove'; entity: EntityType; id: string };

/** What others may ask of the registry: pure look-ups over its fold. */
export type RegistryView = {
  device(id: string): Device | undefined;
  person(id: string): Person | undefined;
  place(id: string): Place | undefined;
  site(id: string): Site | undefined;
  area(id: string): Area | undefined;
  household(id: string): Household | undefined;
  contact(id: string): Contact | undefined;
  account(id: string): Account | undefined;
  /** Where a device's reports come from now. */
  whereabouts(deviceId: string): import('./alert.ts').Whereabouts;
  /** Contacts for something that happened there: of the person, household, place, site, then its areas upward; by order, then id. */
  contactsFor(where: import('./alert.ts').Whereabouts): Contact[];
  /** A rule's overrides for a device there, widest scope first; merge them in that order over the defaults. */
  ruleSettings(rule: string, where: import('./alert.ts').Whereabouts): Record<string, number | string | boolean>[];
  devices(): Iterable<Device>;
};
