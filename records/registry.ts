import { z } from 'zod';
import type { Whereabouts } from './alert.ts';
import { policy, profile, roster } from './escalation.ts';
import { contactRole, hours, id, personal, type sealed, secret, weekday } from './registry-fields.ts';
import { roles } from './rights.ts';
import { quantityNames } from './threshold.ts';

const language = z.enum(['zh-CN', 'en']);
const phone = personal(z.string().regex(/^\+?[0-9][0-9 -]{1,28}$/, 'a phone number has digits, spaces and "-" only'));
/** By which a number is found without being opened. It is made where numbers are sealed, whatever anybody says that it is. */
const phoneKey = z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'made from the phone number by the system');
/** What calls are recorded in. */
export const voiceLanguages = ['zh-CN', 'en', 'mn'] as const;
export type VoiceLanguage = (typeof voiceLanguages)[number];
const category = z.enum(['living-alone', 'advanced-age', 'left-behind', 'low-income', 'disabled', 'dementia']);

/** A county contains townships, a township villages. */
export const area = z.strictObject({
  id,
  level: z.enum(['county', 'township', 'village']),
  parentId: id.optional(),
  name: z.string().min(1).max(60),
});
/** A house of many: its places are rooms or beds. */
export const site = z.strictObject({
  id,
  areaId: id,
  name: z.string().min(1).max(60),
  kind: z.enum(['care-home', 'mutual-help-house']),
});
const position = z.strictObject({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  datum: z.literal('WGS-84'),
});
/** What rescuers have to know of a home before they go in, and where they find water. */
export const heatings = ['stove', 'gas', 'electric', 'district', 'none'] as const;
export const waters = ['tap', 'well', 'tank', 'none'] as const;
export const hazards = ['gas-bottle', 'gas-pipe', 'fuel', 'oxygen', 'dog', 'power-line', 'bad-road'] as const;
/** Where devices hang and people sleep. Degrees; an entry may state GCJ-02, WGS-84 is what is kept. */
export const place = z.strictObject({
  id,
  areaId: id,
  siteId: id.optional(),
  kind: z.enum(['house', 'winter-camp', 'summer-camp', 'room', 'bed']),
  /** What messages call it, without naming a person: "west of the well", "room 12". */
  name: z.string().min(1).max(60),
  address: personal(z.string().min(1).max(200)).optional(),
  /** The way there in words, from a road that everybody knows: it is read out to the fire brigade and the ambulance. */
  directions: personal(z.string().min(1).max(300)).optional(),
  position: position.optional(),
  heating: z.enum(heatings).optional(),
  water: z.enum(waters).optional(),
  hazards: z.array(z.enum(hazards)).max(hazards.length).optional(),
});
/** People who live together. A move changes `currentPlaceId`. */
export const household = z.strictObject({
  id,
  areaId: id,
  currentPlaceId: id,
  note: personal(z.string().min(1).max(500)).optional(),
});
/** What somebody agreed to, or took back, and when (epoch ms) with whom. A purpose that is not named was never asked about. */
const consent = z.strictObject({ given: z.boolean(), at: z.int(), by: z.string().min(1).max(64) });
export const purposes = ['location', 'health', 'family-view', 'voice'] as const;
export type Purpose = (typeof purposes)[number];
/**
 * Away from home, from `since` until `until` (epoch ms; absent: until further notice): nobody is missed there. Who moved away or died
 * comes back no more, and is nobody whom to visit.
 */
const absence = z.strictObject({
  reason: z.enum(['hospital', 'with-family', 'travelling', 'moved', 'deceased']),
  since: z.int(),
  until: z.int().optional(),
});
/** What rescuers have to know of a person before they go in; no illness. */
export const rescueNeeds = ['bedridden', 'wheelchair', 'deaf', 'blind', 'mute'] as const;
export const person = z.strictObject({
  id,
  householdId: id,
  name: personal(z.string().min(1).max(60)),
  /** Agreed with the person: what contacts read instead of a full name. */
  callName: personal(z.string().min(1).max(40)).optional(),
  phone: phone.optional(),
  phoneKey: phoneKey.optional(),
  categories: z.array(category).max(8).default([]),
  rescueNeeds: z.array(z.enum(rescueNeeds)).max(rescueNeeds.length).optional(),
  language: language.default('zh-CN'),
  consents: z.partialRecord(z.enum(purposes), consent).optional(),
  absence: absence.optional(),
});
export const travels = ['foot', 'horse', 'motorbike', 'car'] as const;
const webhookUrl = z
  .string()
  .max(500)
  .regex(/^https?:\/\/\S+$/, 'an address begins with https:// or http://');
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'a webhook secret is "whsec_" and 24-64 bytes in base64');
const emailAddress = z
  .string()
  .max(200)
  .regex(/^[^\s@<>,;:"]{1,64}@[A-Za-z0-9.-]{1,130}$/, 'an e-mail address is like name@example.org');
const robotSecret = z.string().regex(/^[\x21-\x7e]{6,100}$/, 'the secret of a robot is 6-100 printable characters');
export const channelAddress = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('webhook'),
    url: personal(webhookUrl),
    /** Standard Webhooks: the prefix, then 24-64 bytes in base64. */
    secret: secret(webhookSecret),
  }),
  /** The contact's `phone`; which provider carries it is the installation's. */
  z.strictObject({ type: z.literal('sms') }),
  z.strictObject({ type: z.literal('voice') }),
  z.strictObject({ type: z.literal('email'), address: personal(emailAddress) }),
  /** Robots of chat rooms: whoever has the address may write there, so that it is a secret. */
  z.strictObject({ type: z.literal('dingtalk'), hook: secret(webhookUrl), secret: secret(robotSecret) }),
  z.strictObject({ type: z.literal('wecom'), hook: secret(webhookUrl) }),
  z.strictObject({ type: z.literal('feishu'), hook: secret(webhookUrl), secret: secret(robotSecret).optional() }),
  z.strictObject({ type: z.literal('log') }),
]);
export const contact = z.strictObject({
  id,
  /** Whom or what it answers for: a place's neighbour, an area's station, a site's night carer. */
  of: z.strictObject({ type: z.enum(['person', 'household', 'place', 'site', 'area']), id }),
  /** `self`: the way to the person, or to the household: they are asked whether all is well, and sent to nobody. */
  role: contactRole,
  /** Lower comes first among the same role. */
  order: z.int().min(1).max(99).default(1),
  name: personal(z.string().min(1).max(60)),
  phone: phone.optional(),
  phoneKey: phoneKey.optional(),
  /** Where they set out from, as far as it is known, and how: what the way takes follows from it. */
  position: position.optional(),
  travel: z.enum(travels).optional(),
  language: language.default('zh-CN'),
  /** Of calls, where it is not `language`. */
  voiceLanguage: z.enum(voiceLanguages).optional(),
  channels: z.array(channelAddress).min(1).max(8),
});
/** A fixed device belongs to a place, a wearable to a person. */
export const device = z.strictObject({
  id,
  kind: z.enum(['smoke-detector', 'wearable', 'call-button', 'presence-sensor']),
  placeId: id.optional(),
  personId: id.optional(),
  room: z.string().min(1).max(40).optional(),
  /** How often it promises a report; a silent device is measured by it. */
  intervalMinutes: z.int().min(1).max(10_080).default(1440),
  /** HMAC-SHA256 of salt and secret under the installation's pepper, both base64; the secret itself is never kept. */
  credential: z.strictObject({ salt: z.string().min(1).max(64), hmac: z.string().min(1).max(64) }).optional(),
  /**
   * Of the code on its label, kept like the secret: whoever has the code may say where the device hangs, once. `used`: when (epoch
   * ms) and by whom: an account, where `type` does not say otherwise. A device without place and person is stock, and has a code that
   * nobody used.
   */
  claim: z
    .strictObject({
      salt: z.string().min(1).max(64),
      hmac: z.string().min(1).max(64),
      used: z
        .strictObject({ at: z.int(), by: z.string().min(1).max(64), type: z.literal('api-key').optional() })
        .optional(),
    })
    .optional(),
  simulated: z.boolean().default(false),
});
/** A role in an area and everything below it; without an area, in the whole installation. */
const grant = z.strictObject({ role: z.enum(roles), areaId: id.optional() });
/**
 * `hash` is a password hash in PHC format; made and compared in desk. An account without `grants` is older than rights, and may do
 * everything everywhere; one with none of them, nothing.
 */
export const account = z.strictObject({
  id,
  name: personal(z.string().min(1).max(60)),
  hash: z.string().min(1).max(300),
  language: language.default('zh-CN'),
  grants: z.array(grant).max(20).optional(),
});
/** Of a program. `hash`: SHA-256 of its token in base64, which has 256 bits of its own. It ends at `expiresAt` (epoch ms). */
export const apiKey = z.strictObject({
  id,
  name: z.string().min(1).max(60),
  hash: z.string().min(1).max(64),
  grants: z.array(grant).min(1).max(20),
  expiresAt: z.int().optional(),
});
const degrees = { lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) };
/** Where somebody is expected to be: around a place, or of a person. In some months (1 to 12) alone, when they are named. */
export const zone = z.strictObject({
  id,
  of: z.strictObject({ type: z.enum(['place', 'person']), id }),
  name: z.string().min(1).max(60),
  datum: z.literal('WGS-84'),
  shape: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('circle'), ...degrees, radiusMeters: z.number().min(10).max(100_000) }),
    z.strictObject({ type: z.literal('polygon'), points: z.array(z.strictObject(degrees)).min(3).max(200) }),
  ]),
  months: z.array(z.int().min(1).max(12)).min(1).max(12).optional(),
});
export const eventTypes = [
  'incident.opened',
  'incident.changed',
  'incident.resolved',
  'device.silent',
  'device.heard',
  'device.battery-low',
  'device.tested',
  'visit.recorded',
] as const;
/** A program elsewhere that hears what happens in an area and everything below it: Standard Webhooks. */
export const subscription = z.strictObject({
  id,
  name: z.string().min(1).max(60),
  areaId: id.optional(),
  types: z.array(z.enum(eventTypes)).min(1),
  url: personal(webhookUrl),
  secret: secret(webhookSecret),
  /** The secret before this one, which signs too until then (epoch ms). */
  previous: z.strictObject({ secret: secret(webhookSecret), until: z.int() }).optional(),
  paused: z.boolean().default(false),
});
/** Whom settings and limits count for. `category`: everybody who carries it. */
const scope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('all') }),
  z.strictObject({ type: z.literal('category'), id: category }),
  z.strictObject({ type: z.enum(['area', 'household', 'person', 'device']), id }),
]);
/** Overrides of a rule's settings. `shadow`: only tried beside what is in force; what comes of it is on record and calls nobody. */
export const ruleSetting = z.strictObject({
  id,
  rule: z.string().min(1).max(40),
  mode: z.enum(['live', 'shadow']).optional(),
  scope,
  settings: z.record(z.string().min(1).max(60), z.union([z.number(), z.string().max(200), z.boolean()])),
});
/**
 * A limit of a reading, in the unit of records/threshold.ts: people are told when it is below `below` or above `above`, seen `repeats`
 * times and for `holdMinutes`, in readings at most `maxGapMinutes` apart; it is over when a reading is `hysteresis` back inside. `hours`
 * (in the county's zone; over midnight they belong to the day on which they begin), `weekdays` (1 is Monday) and `months` say when.
 */
export const threshold = z.strictObject({
  id,
  name: z.string().min(1).max(60),
  scope,
  quantity: z.enum(quantityNames),
  below: z.number().optional(),
  above: z.number().optional(),
  hysteresis: z.number().min(0).max(1000).default(0),
  holdMinutes: z.int().min(0).max(10_080).default(0),
  maxGapMinutes: z.int().min(1).max(10_080).default(60),
  repeats: z.int().min(1).max(100).default(1),
  severity: z.enum(['service', 'urgent', 'critical']).default('service'),
  hours: hours.optional(),
  weekdays: z.array(weekday).min(1).max(7).optional(),
  months: z.array(z.int().min(1).max(12)).min(1).max(12).optional(),
});

/** In the order in which they refer to each other. */
export const entities = {
  ...{ area, site, place, household, person, contact, zone, device, account, apiKey, ruleSetting, threshold },
  ...{ subscription, roster, policy, profile },
} as const;
export type EntityType = keyof typeof entities;
export type Entity<T extends EntityType> = z.infer<(typeof entities)[T]>;
export type Area = Entity<'area'>;
export type Site = Entity<'site'>;
export type Place = Entity<'place'>;
export type Contact = Entity<'contact'>;
export type Device = Entity<'device'>;
export type Household = Entity<'household'>;
export type Person = Entity<'person'>;
export type Account = Entity<'account'>;
export type ApiKey = Entity<'apiKey'>;
export type Zone = Entity<'zone'>;
export type Subscription = Entity<'subscription'>;
export type EventType = (typeof eventTypes)[number];
export type Grant = NonNullable<Account['grants']>[number];
export type RuleSetting = Entity<'ruleSetting'>;
export type Threshold = Entity<'threshold'>;
export type Roster = Entity<'roster'>;
export type Policy = Entity<'policy'>;
export type Profile = Entity<'profile'>;
export type Sealed = z.infer<typeof sealed>;
export const entityTypes = Object.keys(entities) as EntityType[];

const expectedVersion = z.int().min(0).optional();
const put = <T extends EntityType>(entity: T) =>
  z.strictObject({ type: z.literal('put'), entity: z.literal(entity), value: entities[entity], expectedVersion });

/**
 * One change of the registry: an entity as it is from now on, or its end. Personal fields are sealed before it is kept.
 * `expectedVersion` (records/entity-version.ts) refuses it when the entity was changed meanwhile; 0: it must be new.
 */
export const registryChange = z.discriminatedUnion('type', [
  z.discriminatedUnion('entity', [
    put('area'),
    put('site'),
    put('place'),
    put('household'),
    put('person'),
    put('contact'),
    put('device'),
    put('account'),
    put('ruleSetting'),
    put('threshold'),
    put('zone'),
    put('apiKey'),
    put('subscription'),
    put('roster'),
    put('policy'),
    put('profile'),
  ]),
  z.strictObject({ type: z.literal('remove'), entity: z.enum(entityTypes), id, expectedVersion }),
]);
export type RegistryChange =
  | { [T in EntityType]: { type: 'put'; entity: T; value: Entity<T> } & Expectation }[EntityType]
  | ({ type: 'remove'; entity: EntityType; id: string } & Expectation);

type Expectation = { expectedVersion?: number | undefined };

/** What others may ask of the registry: pure look-ups over its fold. */
export type RegistryView = {
  device(id: string): Device | undefined;
  person(id: string): Person | undefined;
  place(id: string): Place | undefined;
  site(id: string): Site | undefined;
  area(id: string): Area | undefined;
  household(id: string): Household | undefined;
  contact(id: string): Contact | undefined;
  /** Of that number, by its key, in the order of their ids. */
  contactsByPhone(phoneKey: string): Contact[];
  peopleByPhone(phoneKey: string): Person[];
  account(id: string): Account | undefined;
  /** Where a device's reports come from now. A fixed device in the home of one person alone also names that person. */
  whereabouts(deviceId: string): Whereabouts;
  /** Where that person or household lives now, or what is known of that place; someone who lives alone is named. */
  whereaboutsOf(who: { type: 'person' | 'household' | 'place'; id: string }): Whereabouts;
  /** Who refers to an entity, in the order in which they came: the people of a household, the devices of a place. */
  referring<T extends EntityType>(from: T, to: EntityType | 'camps', id: string): readonly Entity<T>[];
  /**
   * Contacts for something that happened there: of the person (of everybody who lives there, when it names nobody), household,
   * place, site, then its areas upward; each once, among the same by order, then id.
   */
  contactsFor(where: Whereabouts): Contact[];
  /**
   * A rule's overrides for a device there, widest scope first; merge them in that order over the defaults. `tried` count as if they were in
   * force, in the place of entries of the same id.
   */
  ruleSettings(rule: string, where: Whereabouts, tried?: readonly RuleSetting[]): RuleSetting['settings'][];
  /** The settings that are only tried, by id; the same array until one of them changes. */
  shadowSettings(): readonly string[];
  ruleSetting(id: string): RuleSetting | undefined;
  /** Whether what counts for that scope counts for a device there. */
  isWithin(scope: RuleSetting['scope'], where: Whereabouts): boolean;
  /** The limits of readings that count for a device there, by id. */
  thresholds(where: Whereabouts): readonly Threshold[];
  /** Who is told of what happens there: the narrowest scope first, then by id. */
  policies(where: Whereabouts): readonly Policy[];
  roster(id: string): Roster | undefined;
  /** By id. */
  rosters(): readonly Roster[];
  /** So many of them after the first `from`, by area and id. */
  households(from: number, most: number): readonly Household[];
  /** Of the person, or of everybody who lives there, and of the household; whatever their end. */
  profiles(where: Whereabouts): readonly Profile[];
  devices(): Iterable<Device>;
  /** Another number: something in it has changed. */
  revision(): number;
};
