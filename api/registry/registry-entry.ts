import { z } from 'zod';
import { clipProblems, type MissingClips, policyProblems, rosterProblems } from '../../records/escalation-check.ts';
import { gcj02ToWgs84 } from '../../records/geodesy.ts';
import {
  type Contact,
  channelAddress,
  type Device,
  type Entity,
  type EntityType,
  entities,
} from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { foreignSeals, type Sealer, unsealEntity } from '../../records/sealing.ts';
import { thresholdProblems } from '../../records/threshold.ts';
import type { AnyRule } from '../../rules/rule.ts';
import { settingProblems } from '../../rules/settings.ts';
import { describeIssues, type Issue } from './registry-issues.ts';

/** What people enter, by the names that files, sheets and routes use, in the order in which they refer to each other. */
export const sections = {
  areas: 'area',
  sites: 'site',
  places: 'place',
  households: 'household',
  people: 'person',
  contacts: 'contact',
  zones: 'zone',
  devices: 'device',
  ruleSettings: 'ruleSetting',
  thresholds: 'threshold',
  rosters: 'roster',
  policies: 'policy',
  profiles: 'profile',
} as const satisfies Record<string, EntityType>;
export type Section = keyof typeof sections;
export const sectionNames = Object.keys(sections) as Section[];

export type EntryParts = {
  registry: Pick<Registry, 'get'>;
  rules: readonly AnyRule[];
  unseal: Sealer['unseal'];
  /** Hashes a device's secret; a `current` credential of the same secret is kept. */
  credentialFor(secret: string, current: Device['credential']): NonNullable<Device['credential']>;
  /** What calls are put together from, where there are any. */
  missingClips?: MissingClips;
};
export type Read = { ok: true; value: Entity<EntityType> } | { ok: false; issues: Issue[] };

/**
 * An entry as somebody wrote it, as the registry keeps it but for its seals: positions in WGS-84, a device's secret as its hash. What stands
 * in no form that people fill in (a device's secret and label code, a person's consents and absence, a webhook's secret) stays as it is
 * when the entry says nothing of it. Whoever is home again has "absence": null.
 */
export function readEntry(section: Section, value: unknown, parts: EntryParts): Read {
  const schema = entrySchemas[section];
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return { ok: false, issues: describeIssues(parsed.error.issues, value, Object.keys(schema.shape)) };
  }
  const read = readers[section](parsed.data as never, parts);
  if (!read.ok) return read;
  const entity = sections[section];
  const issues = sealIssues(entity, read.value, parts);
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: unsealEntity(entity, read.value, parts) };
}

const datum = z.enum(['WGS-84', 'GCJ-02']);
const [webhook, sms, voice, email, dingtalk, wecom, feishu, log] = channelAddress.options;
/** Secrets that were kept are not asked for again: a webhook's by its address, a robot's, of which the address is one, by its place. */
const enteredChannel = z.discriminatedUnion('type', [
  webhook.partial({ secret: true }),
  ...[sms, voice, email],
  dingtalk.partial({ hook: true, secret: true }),
  wecom.partial({ hook: true }),
  feishu.partial({ hook: true }),
  log,
]);
const entered = {
  place: entities.place.extend({ position: entities.place.shape.position.unwrap().extend({ datum }).optional() }),
  person: entities.person.extend({ absence: entities.person.shape.absence.unwrap().nullable().optional() }),
  zone: entities.zone.extend({ datum }),
  contact: entities.contact.extend({
    position: entities.contact.shape.position.unwrap().extend({ datum }).optional(),
    channels: z.array(enteredChannel).min(1).max(8),
  }),
  device: entities.device.extend({ secret: z.string().max(200).optional() }),
};
type Entered<T extends keyof typeof entered> = z.infer<(typeof entered)[T]>;

/** What somebody may write, where it is more or less than what the registry keeps. */
export const entrySchemas = {
  areas: entities.area,
  sites: entities.site,
  places: entered.place,
  households: entities.household,
  people: entered.person,
  contacts: entered.contact,
  zones: entered.zone,
  devices: entered.device,
  ruleSettings: entities.ruleSetting,
  thresholds: entities.threshold,
  rosters: entities.roster,
  policies: entities.policy,
  profiles: entities.profile,
} satisfies Record<Section, z.ZodObject>;

const asItIs = (value: Entity<EntityType>): Read => ({ ok: true, value });
const judged = (
  value: Entity<EntityType>,
  problems: readonly { field: string; problem: string; zh: string }[],
): Read => {
  const issues = problems.map(({ field, problem, zh }) => ({ path: [field], problem, zh }));
  return issues.length === 0 ? asItIs(value) : { ok: false, issues };
};
const refused = (path: string[], problem: string, zh: string): Read => ({ ok: false, issues: [{ path, problem, zh }] });

const readers: { [S in Section]: (value: never, parts: EntryParts) => Read } = {
  areas: asItIs,
  sites: asItIs,
  households: asItIs,
  places: ({ position, ...place }: Entered<'place'>) => asItIs({ ...place, ...(position && inWgs84(position)) }),
  people: (entry: Entered<'person'>, { registry }) => {
    const { consents, absence, ...person } = { ...registry.get('person', entry.id), ...entry };
    // In the order in which an entry is kept, by which equal ones are seen to be equal.
    return asItIs({ ...person, ...(consents && { consents }), ...(absence && { absence }) });
  },
  contacts: contactOf,
  zones: zoneOf,
  devices: deviceOf,
  ruleSettings: (setting: Entity<'ruleSetting'>, { rules }) => {
    const problems = settingProblems(rules, setting.rule, setting.settings, setting.scope);
    if (problems.length === 0) return asItIs(setting);
    const ranges = Object.entries(rules.find(({ name }) => name === setting.rule)?.ranges ?? {});
    const known = ranges.map(([name, range]) => `${name} ${range?.join('–')}`).join('；');
    const zh = known === '' ? '没有此规则' : `可设置：${known}`;
    return { ok: false, issues: problems.map((problem) => ({ path: ['settings'], problem, zh })) };
  },
  thresholds(entered: Entity<'threshold'>) {
    return judged(entered, thresholdProblems(entered));
  },
  rosters: (entered: Entity<'roster'>) => judged(entered, rosterProblems(entered)),
  policies: (entered: Entity<'policy'>, { missingClips = nothingMissing }) =>
    judged(entered, [...policyProblems(entered), ...clipProblems(entered, missingClips)]),
  profiles: asItIs,
};

const nothingMissing: MissingClips = () => [];

type Degrees = { lat: number; lon: number };

/** Seven decimals of a degree are a centimetre: finer figures would only make equal positions differ. */
function toWgs84({ lat, lon }: Degrees, from: z.infer<typeof datum>): Degrees {
  const wgs = from === 'GCJ-02' ? gcj02ToWgs84({ lat, lon }) : { lat, lon };
  const toCentimetres = (degrees: number) => Math.round(degrees * 1e7) / 1e7;
  return { lat: toCentimetres(wgs.lat), lon: toCentimetres(wgs.lon) };
}

const inWgs84 = (position: Degrees & { datum: z.infer<typeof datum> }) => ({
  position: { ...toWgs84(position, position.datum), datum: 'WGS-84' as const },
});

function zoneOf({ shape, datum: from, ...zone }: Entered<'zone'>): Read {
  const converted =
    shape.type === 'circle'
      ? { ...shape, ...toWgs84(shape, from) }
      : { ...shape, points: shape.points.map((point) => toWgs84(point, from)) };
  // Parsed once more for the order of the fields, by which equal entries are seen to be equal.
  return asItIs(entities.zone.parse({ ...zone, datum: 'WGS-84', shape: converted }));
}

function contactOf({ position, ...contact }: Entered<'contact'>, { registry, unseal }: EntryParts): Read {
  const known = registry.get('contact', contact.id);
  const before = known ? unsealEntity('contact', known, { unseal, withSecrets: false }).channels : [];
  const issues: Issue[] = [];
  const channels = contact.channels.flatMap((channel, at): Contact['channels'] => {
    const full = channelAddress.safeParse({ ...keptOf(channel, contact.channels.slice(0, at), before), ...channel });
    if (full.success) return [full.data];
    const field = String(full.error.issues[0]?.path[0]);
    const zh = channel.type === 'webhook' ? '缺少回调密钥' : '缺少机器人地址或密钥';
    issues.push({ path: ['channels', at, field], problem: `channels.${at}.${field} is missing`, zh });
    return [];
  });
  if (issues.length > 0) return { ok: false, issues };
  const { phoneKey } = known ?? {};
  const whole = { ...contact, ...(phoneKey && { phoneKey }), ...(position && inWgs84(position)), channels };
  return asItIs(entities.contact.parse(whole));
}

/** The same way as it is kept, its secrets sealed. */
function keptOf(
  { type, ...channel }: z.infer<typeof enteredChannel>,
  earlier: readonly { type: string }[],
  before: Contact['channels'],
): object | undefined {
  const same = before.filter((one) => one.type === type);
  if (type === 'webhook') return same.find((one) => 'url' in one && 'url' in channel && one.url === channel.url);
  // Another room has another secret, if any.
  return 'hook' in channel && channel.hook !== undefined
    ? undefined
    : same[earlier.filter((one) => one.type === type).length];
}

/** 22 characters of base64url are 132 bits. Simulated devices guard nothing. */
const realSecret = /^[A-Za-z0-9_-]{22,}$/;

function deviceOf({ secret, ...device }: Entered<'device'>, { registry, credentialFor }: EntryParts): Read {
  if (secret !== undefined && device.credential)
    return refused(['secret'], 'a device has a secret or its credential, not both', '密钥与凭据只能填一个');
  if (secret !== undefined && !device.simulated && !realSecret.test(secret)) {
    const how = `node -p "crypto.randomBytes(24).toString('base64url')"`;
    const problem = `secret has at least 22 characters of A-Z, a-z, 0-9, "-" and "_"; this makes one: ${how}`;
    return refused(['secret'], problem, '密钥至少22位，由字母、数字、“-”和“_”组成');
  }
  const known = registry.get('device', device.id);
  const { credential: kept, claim } = { ...known, ...device };
  const credential = secret === undefined ? kept : credentialFor(secret, known?.credential);
  return asItIs(entities.device.parse({ ...device, ...(credential && { credential }), ...(claim && { claim }) }));
}

/** An export without secrets holds sealed values: they open where they were sealed. */
function sealIssues(entity: EntityType, value: Entity<EntityType>, { unseal }: Pick<EntryParts, 'unseal'>): Issue[] {
  return foreignSeals([{ type: 'put', entity, value } as never], { unseal }).map(({ field }) => ({
    path: field.split('.'),
    problem: `${field} was sealed for another entry or by another installation; write it in plain text`,
    zh: '此值由另一条目或另一套系统加密，请填写明文',
  }));
}
