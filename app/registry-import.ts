import { z } from 'zod';
import { gcj02ToWgs84 } from '../records/geodesy.ts';
import {
  type Device,
  type Entity,
  type EntityType,
  entities,
  type Place,
  type RegistryChange,
} from '../records/registry.ts';
import type { RegistryProblem } from '../records/registry-check.ts';
import type { Registry } from '../records/registry-fold.ts';
import { keyOf } from '../records/registry-links.ts';
import { foreignSeals, type Sealer, unsealEntity } from '../records/sealing.ts';
import type { AnyRule } from '../rules/rule.ts';
import { settingProblems } from '../rules/settings.ts';
import { describeIssues, type Issue } from './registry-issues.ts';
import { type FileItem, type LineProblem, readRegistryYaml, type Section, sections } from './registry-yaml.ts';

export type ImportOptions = {
  text: string;
  /** The registry as it is, opened. */
  registry: Registry;
  rules: readonly AnyRule[];
  unseal: Sealer['unseal'];
  /** Hashes a device's secret; a `current` credential of the same secret is kept. */
  credentialFor(secret: string, current: Device['credential']): NonNullable<Device['credential']>;
};

/**
 * What a registry file asks for, as changes in plain text, or everything that is wrong with it, by line. An entry replaces
 * what has its id, but for a device's secret and label code that it does not name; what the file does not name stays; `remove` takes away. Positions come out in WGS-84.
 */
export function planImport(options: ImportOptions): { changes: RegistryChange[]; problems: LineProblem[] } {
  const file = readRegistryYaml(options.text);
  const entries: Entries = { changes: [], items: new Map(), unread: new Set(), problems: [...file.problems] };
  for (const item of file.puts) takePut(entries, item, options);
  for (const item of file.removes) takeRemove(entries, item);
  const standing = options.registry
    .check(entries.changes)
    .filter(({ missing }) => !missing || !entries.unread.has(missing));
  entries.problems.push(...standing.map((problem) => atLine(entries, problem)));
  entries.problems.sort((a, b) => a.line - b.line);
  return { changes: entries.problems.length === 0 ? entries.changes : [], problems: entries.problems };
}

type Entries = {
  changes: RegistryChange[];
  items: Map<string, FileItem>;
  /** Entries with problems of their own: that others refer to them is no further problem. */
  unread: Set<string>;
  problems: LineProblem[];
};

function takePut(entries: Entries, item: FileItem, options: ImportOptions): void {
  const entity = sections[item.section];
  const read = readEntry(item.section, item.value, options);
  const id = (item.value as { id?: unknown } | undefined)?.id;
  const key = typeof id === 'string' ? keyOf(entity, id) : `an entry of ${item.section}`;
  const issues = read.ok ? sealIssues(entity, read.value, options) : read.issues;
  if (read.ok && issues.length === 0) {
    const value = unsealEntity(entity, read.value, options);
    keep(entries, item, { type: 'put', entity, value } as RegistryChange, key);
    return;
  }
  entries.unread.add(key);
  entries.problems.push(...issues.map((issue) => issueAtLine(item, key, issue)));
}

/** An export without secrets holds sealed values: they open where they were sealed. */
function sealIssues(entity: EntityType, value: Entity<EntityType>, options: ImportOptions): Issue[] {
  return foreignSeals([{ type: 'put', entity, value } as RegistryChange], options).map(({ field }) => ({
    path: field.split('.'),
    problem: `${field} was sealed for another entry or by another installation; write it in plain text`,
  }));
}

function takeRemove(entries: Entries, item: FileItem): void {
  const entity = sections[item.section];
  const id = z.string().safeParse(item.value);
  if (id.success) keep(entries, item, { type: 'remove', entity, id: id.data }, keyOf(entity, id.data));
  else entries.problems.push({ line: item.lineOf([]), problem: `remove.${item.section} is a list of ids` });
}

function keep(entries: Entries, item: FileItem, change: RegistryChange, key: string): void {
  const first = entries.items.get(key);
  if (first) {
    const problem = `${nameOf(key)} is here a second time; the first is in line ${first.lineOf([])}`;
    entries.problems.push({ line: item.lineOf([]), problem });
    return;
  }
  entries.items.set(key, item);
  entries.changes.push(change);
}

type Read = { ok: true; value: Entity<EntityType> } | { ok: false; issues: Issue[] };

function readEntry(section: Section, value: unknown, options: ImportOptions): Read {
  const schema = fileSchemas[section];
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return { ok: false, issues: describeIssues(parsed.error.issues, value, Object.keys(schema.shape)) };
  }
  if (section === 'places') return { ok: true, value: placeOf(parsed.data as FilePlace) };
  if (section === 'devices') return deviceOf(parsed.data as FileDevice, options);
  if (section === 'ruleSettings') return ruleSettingOf(parsed.data as Entity<'ruleSetting'>, options.rules);
  return { ok: true, value: parsed.data as Entity<EntityType> };
}

const position = entities.place.shape.position.unwrap();
const filePlace = entities.place.extend({
  position: position.extend({ datum: z.enum(['WGS-84', 'GCJ-02']) }).optional(),
});
const fileDevice = entities.device.extend({ secret: z.string().max(200).optional() });
type FilePlace = z.infer<typeof filePlace>;
type FileDevice = z.infer<typeof fileDevice>;

/** What a file may say, where it is more than what the registry keeps. */
const fileSchemas = {
  areas: entities.area,
  sites: entities.site,
  places: filePlace,
  households: entities.household,
  people: entities.person,
  contacts: entities.contact,
  devices: fileDevice,
  ruleSettings: entities.ruleSetting,
} satisfies Record<Section, z.ZodObject>;

function placeOf({ position: entered, ...place }: FilePlace): Place {
  if (!entered) return place;
  const { datum, ...degrees } = entered;
  const { lat, lon } = datum === 'GCJ-02' ? gcj02ToWgs84(degrees) : degrees;
  return { ...place, position: { lat: toCentimetres(lat), lon: toCentimetres(lon), datum: 'WGS-84' } };
}

/** Seven decimals of a degree are a centimetre: finer figures would only make equal positions differ. */
const toCentimetres = (degrees: number): number => Math.round(degrees * 1e7) / 1e7;

/** 22 characters of base64url are 132 bits. Simulated devices guard nothing. */
const realSecret = /^[A-Za-z0-9_-]{22,}$/;

function deviceOf({ secret, ...device }: FileDevice, { registry, credentialFor }: ImportOptions): Read {
  const refuse = (problem: string): Read => ({ ok: false, issues: [{ path: ['secret'], problem }] });
  if (secret !== undefined && device.credential) return refuse('a device has a secret or its credential, not both');
  if (secret !== undefined && !device.simulated && !realSecret.test(secret)) {
    const how = `node -p "crypto.randomBytes(24).toString('base64url')"`;
    return refuse(`secret has at least 22 characters of A-Z, a-z, 0-9, "-" and "_"; this makes one: ${how}`);
  }
  const known = registry.device(device.id);
  // They stand in no file that a person writes: an entry that says nothing of them leaves them as they are.
  const { credential: kept, claim } = { ...known, ...device };
  const credential = secret === undefined ? kept : credentialFor(secret, known?.credential);
  // Parsed once more for the order of the fields, by which equal entries are seen to be equal.
  const value = entities.device.parse({ ...device, ...(credential && { credential }), ...(claim && { claim }) });
  return { ok: true, value };
}

function ruleSettingOf(setting: Entity<'ruleSetting'>, rules: readonly AnyRule[]): Read {
  const problems = settingProblems(rules, setting.rule, setting.settings);
  if (problems.length === 0) return { ok: true, value: setting };
  return { ok: false, issues: problems.map((problem) => ({ path: ['settings'], problem })) };
}

const nameOf = (key: string): string => key.replace(':', ' ');

function issueAtLine(item: FileItem, key: string, { path, problem }: Issue): LineProblem {
  return { line: item.lineOf(path), problem: `${nameOf(key)}: ${problem}` };
}

function atLine({ items }: Entries, { entity, id, field, problem }: RegistryProblem): LineProblem {
  const key = keyOf(entity, id);
  const line = items.get(key)?.lineOf(field === undefined ? [] : [field]) ?? 1;
  return { line, problem: `${nameOf(key)}: ${problem}` };
}
