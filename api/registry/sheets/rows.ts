import type { Contact, Entity, EntityType } from '../../../records/registry.ts';
import type { Section } from '../registry-entry.ts';
import type { Column } from './column.ts';
import { columnsOf } from './columns.ts';

/** An entity as the cells of its row. Secrets are never among them. */
export function cellsOf(columns: readonly Column[], value: Entity<EntityType>): string[] {
  return columns.map(({ key, format }) => format(fieldAt(value, key.split('.'))));
}

/**
 * The entry that a row asks for: what stands there (`before`, open), with every field that the sheet has a column for as the cell says;
 * an empty cell leaves its field out. What the sheet has no column for stays.
 */
export function entryOf(
  section: Section,
  cells: ReadonlyMap<Column, string>,
  before: Entity<EntityType> | undefined,
): Record<string, unknown> {
  // What proves to be a device stays with it by itself.
  const { credential: _, claim: __, phoneKey: ___, ...open } = { ...before } as Record<string, unknown>;
  const kept = [...cells.keys()].reduce<unknown>((entry, { key }) => withField(entry, key.split('.'), undefined), open);
  const filled = [...cells].filter(([, cell]) => cell !== '');
  const entry = filled.reduce<unknown>(
    (into, [{ key, parse }, cell]) => withField(into, key.split('.'), parse(cell)),
    kept,
  );
  if (section === 'contacts') return withSecrets(entry as Contacted);
  const saysAbsence = [...cells.keys()].some(({ key }) => key.startsWith('absence.'));
  return { ...(saysAbsence && atHome), ...(entry as Record<string, unknown>) };
}

/** The column in which a person finds a field: its own, that of what contains it, or the last of what it contains. */
export function columnFor(columns: readonly Column[], path: readonly PropertyKey[]): Column | undefined {
  if (path[0] === 'channels' && path[2] === 'secret') return columns.find(({ key }) => key === 'webhookSecret');
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join('.');
    const found = columns.find(({ key }) => key === name) ?? columns.findLast(({ key }) => key.startsWith(`${name}.`));
    if (found) return found;
  }
  return undefined;
}

/** What leaves a sheet: without personal columns, for whom may not see them. */
export function columnsFor(section: Section, isOpen: boolean): Column[] {
  return columnsOf(section).filter(({ personal }) => isOpen || !personal);
}

const fieldAt = (value: unknown, path: string[]): unknown =>
  path.reduce<unknown>((inside, step) => (inside as Record<string, unknown> | undefined)?.[step], value);

/** A copy with the field set, or left out; what holds nothing any more is left out too. */
function withField(value: unknown, [step = '', ...rest]: string[], field: unknown): unknown {
  const { [step]: before, ...others } = (value ?? {}) as Record<string, unknown>;
  const after = rest.length === 0 ? field : withField(before, rest, field);
  const isNothing = after === undefined || (rest.length > 0 && Object.keys(after as object).length === 0);
  return isNothing ? others : { ...others, [step]: after };
}

/** An entry that says nothing of an absence would leave it as it is. */
const atHome = { absence: null };

type Contacted = { channels?: { type: string }[]; webhookSecret?: unknown } & Record<string, unknown>;

const withSecret: ReadonlySet<string> = new Set<Contact['channels'][number]['type']>(['webhook', 'dingtalk', 'feishu']);

/** The secrets stand beside the addresses, in their order. */
function withSecrets({ webhookSecret, ...contact }: Contacted): Record<string, unknown> {
  const secrets: unknown[] = Array.isArray(webhookSecret) ? [...webhookSecret] : [];
  if (secrets.length === 0 || contact.channels === undefined) return contact;
  const channels = contact.channels.map((channel) => {
    const secret = withSecret.has(channel.type) ? secrets.shift() : undefined;
    return secret === undefined ? channel : { ...channel, secret };
  });
  return { ...contact, channels };
}
