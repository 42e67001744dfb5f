import { z } from 'zod';
import { type Entity, type EntityType, entities } from '../../records/registry.ts';
import { personalFields } from '../../records/sealing.ts';
import { thresholdSays } from '../../rules/explain/threshold-sentence.ts';
import { isOfOneBody } from '../rights/masking.ts';
import { entrySchemas, type Section } from './registry-entry.ts';

/** What can be listed, looked at and changed under `/api/v1`, but for devices, which have routes of their own. */
export const collections = {
  areas: { section: 'areas', entity: 'area', one: 'an area' },
  sites: { section: 'sites', entity: 'site', one: 'a site' },
  places: { section: 'places', entity: 'place', one: 'a place' },
  households: { section: 'households', entity: 'household', one: 'a household' },
  people: { section: 'people', entity: 'person', one: 'a person' },
  contacts: { section: 'contacts', entity: 'contact', one: 'a contact' },
  zones: { section: 'zones', entity: 'zone', one: 'a zone' },
  'rule-settings': { section: 'ruleSettings', entity: 'ruleSetting', one: 'a rule setting' },
  thresholds: { section: 'thresholds', entity: 'threshold', one: 'a threshold' },
  rosters: { section: 'rosters', entity: 'roster', one: 'a roster' },
  policies: { section: 'policies', entity: 'policy', one: 'a policy' },
  profiles: { section: 'profiles', entity: 'profile', one: 'a profile' },
} as const satisfies Record<string, { section: Section; entity: EntityType; one: string }>;
export type Collection = keyof typeof collections;
export const collectionNames = Object.keys(collections) as Collection[];

/** The same command is done once, however often it is sent: in the body, or as the header `Idempotency-Key`. */
export const commandId = z.string().min(8).max(64);
const expectedVersion = z
  .int()
  .min(0)
  .describe('The version that was seen; 0: it must be new. Or If-Match, or If-None-Match: *');
export const expectation = { commandId: commandId.optional(), expectedVersion: expectedVersion.optional() };
export const changeHeaders = z.looseObject({
  'idempotency-key': commandId.optional(),
  'if-match': z.string().max(40).optional().describe('The ETag that was seen'),
  'if-none-match': z.literal('*').optional().describe('It must be new'),
});

export const entityParams = z.object({ id: entities.area.shape.id });

/** The body of a change: what was shown may be sent back as it is. The id may be left to the path; consents have a route of their own. */
export function bodyOf(section: Section) {
  const { id, ...fields } = entrySchemas[section].shape as z.core.$ZodShape & { id: z.ZodString };
  const {
    consents: _,
    credential: __,
    claim: ___,
    phoneKey: ____,
    ...entered
  } = fields as Record<string, z.core.$ZodType>;
  const version = z.int().min(0).optional().describe('As it was shown: the same as expectedVersion');
  const says = section === 'thresholds' && { says: z.unknown().optional().describe('As it was shown: of no effect') };
  return z
    .strictObject({ id: id.optional(), ...entered, ...says, ...expectation, version })
    .meta({ examples: [exampleBody(section)] });
}

/** An entity as it is answered. Personal fields are masked, or not there, for whom may not see them; secrets are nowhere. */
export function shownOf(entity: EntityType) {
  const shape = entities[entity].shape as Record<string, z.ZodType>;
  const personal = new Set(personalFields[entity].map(({ path: [field] }) => field));
  const shown = Object.entries(shape).filter(([name]) => name !== 'phoneKey');
  const fields = shown.map(([name, field]) => {
    if (!personal.has(name)) return [name, field.optional()] as const;
    // Within a list (the ways to reach a contact) what is personal stands beside what is not.
    return [name, (name === 'channels' ? shownChannels : maskedText).optional()] as const;
  });
  const says = entity === 'threshold' && {
    says: z
      .record(z.enum(['en', 'zh-CN']), z.string())
      .optional()
      .describe(whatItDoes),
  };
  return z.looseObject({ ...Object.fromEntries(fields), ...says, id: entities[entity].shape.id, version: z.int() });
}
const whatItDoes = 'What it will do, as a sentence; not there where the limits are masked';

/** What an entered limit will do, for whom its limits are shown to. */
export const saysOf = (entity: EntityType, value: Entity<EntityType>, { isOpen }: { isOpen: boolean }) =>
  entity === 'threshold' && (isOpen || !isOfOneBody(entity, value))
    ? { says: thresholdSays(value as Entity<'threshold'>) }
    : {};

const maskedText = z.string().describe('Masked, or not there, for whom may not see it');
const shownChannels = z.array(z.looseObject({ type: z.string() }));

export const listQuery = z.strictObject({
  area: entities.area.shape.id.optional().describe('Only in this area and what lies below it'),
  q: z
    .string()
    .min(1)
    .max(60)
    .optional()
    .describe('In its id or name, or the name of its place; in names of people where the right is held'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: entities.area.shape.id.optional().describe('`next` of the page before'),
});

/** What each looks like: shown in the published document, and tested against its own schema. */
export const examples: Record<Section, { id: string } & Record<string, unknown>> = {
  areas: { id: 'dongjing', level: 'village', parentId: 'bayan', name: '东井嘎查' },
  sites: { id: 'evening-house', areaId: 'nanhe', name: '夕阳红互助院', kind: 'care-home' },
  places: {
    ...{ id: 'dj-01', areaId: 'dongjing', kind: 'house', name: '东井1号，井台西侧', address: '东井嘎查1号' },
    position: { lat: 43.9251, lon: 116.0894, datum: 'WGS-84' },
  },
  households: { id: 'h-01', areaId: 'dongjing', currentPlaceId: 'dj-01', note: '院里有狗，进门先喊一声' },
  people: {
    ...{ id: 'p-0001', householdId: 'h-01', name: '萨仁高娃', callName: '萨仁奶奶' },
    ...{ categories: ['living-alone', 'advanced-age'], language: 'zh-CN' },
  },
  contacts: {
    ...{ id: 'c-neighbour-1', of: { type: 'place', id: 'dj-01' }, role: 'neighbour', order: 1, name: '布和' },
    ...{
      phone: '138 0000 0001',
      language: 'zh-CN',
      channels: [{ type: 'webhook', url: 'https://example.org/hooks/buhe' }],
    },
  },
  zones: {
    ...{ id: 'z-pasture', of: { type: 'person', id: 'p-0001' }, name: '北草场', datum: 'WGS-84' },
    shape: { type: 'circle', lat: 43.95, lon: 116.09, radiusMeters: 3_000 },
  },
  devices: {
    ...{ id: '860000000000001', kind: 'smoke-detector', placeId: 'dj-01', room: '厨房' },
    ...{ intervalMinutes: 1440, simulated: false },
  },
  ruleSettings: {
    ...{
      id: 's-silent',
      rule: 'device-silent',
      scope: { type: 'area', id: 'dongjing' },
      settings: { missedReports: 3 },
    },
  },
  thresholds: {
    ...{
      id: 't-cold-night',
      name: '夜间过冷',
      scope: { type: 'area', id: 'dongjing' },
      quantity: 'status.temperature',
    },
    ...{ below: 8, hysteresis: 1, holdMinutes: 120, maxGapMinutes: 90, repeats: 2, severity: 'urgent' },
    ...{ hours: { from: '22:00', to: '07:00' }, months: [11, 12, 1, 2, 3] },
  },
  rosters: {
    ...{ id: 'r-team', name: '流动服务队值班', of: { type: 'area', id: 'dongjing' } },
    shifts: [{ contactId: 'c-neighbour-1', weekdays: [1, 2, 3, 4, 5], from: '20:00', to: '08:00' }],
    swaps: [{ date: '2026-10-08', from: 'c-neighbour-1', to: 'c-neighbour-1' }],
    ...{ holidays: [{ date: '2026-10-01', as: 7 }], acceptWithinMinutes: 15 },
  },
  policies: {
    ...{ id: 'pol-night', name: '夜间先通知流动服务队', scope: { type: 'area', id: 'dongjing' }, severity: 'critical' },
    ...{ conditions: ['smoke', 'gas'], hours: { from: '22:00', to: '06:00' }, nights: 'fair' },
    rungs: [
      { afterSeconds: 0, desk: true, tell: [{ nearest: 1, role: 'neighbour' }, { rosterId: 'r-team' }] },
      { afterSeconds: 60, tell: [{ role: 'township', nth: 1 }], inform: 'family', channels: ['voice', 'sms'] },
    ],
    repeat: { everySeconds: 120, times: 30, thenEverySeconds: 900 },
  },
  profiles: {
    ...{ id: 'often-h-01', of: { type: 'household', id: 'h-01' }, owner: 'li', reason: '夜间常误按' },
    until: 1_800_000_000_000,
  },
};
const versionSeen = 4503599627370497;
const exampleBody = (section: Section) => ({
  ...examples[section],
  ...{ commandId: '4f0c6e2a-change-1', expectedVersion: versionSeen },
});
export const exampleShown = (section: Section) => ({
  ...examples[section],
  ...(section === 'thresholds' && saysOf('threshold', entities.threshold.parse(examples.thresholds), { isOpen: true })),
  version: versionSeen,
});
