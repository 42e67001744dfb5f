import type pg from 'pg';
import type { Report, ReportName } from '../firmware-contracts/report.ts';
import type { ClockTrust } from '../records/alert.ts';
import type { Visit } from '../records/command.ts';
import { clockNumbers, kindNumbers, numberColumns, textColumns } from './report-columns.ts';
import type { ReportRow } from './store.ts';

/**
 * What devices said, and who was in the homes, from `from` to before `to` (epoch ms of receipt), in the journal's order, in batches of a few
 * thousand. Everything is of one moment: the client is in a transaction until the end. Motion windows have no samples here, and are left out.
 * Errors: those of the database.
 */
export async function* readHistory(client: pg.ClientBase, { from, to }: Span): AsyncGenerator<HistoryRow[]> {
  await client.query('begin transaction isolation level repeatable read read only');
  const { rows: devices } = await client.query<{ device_key: number; device_id: string }>(historyStatements.devices);
  const names = new Map(devices.map(({ device_key, device_id }) => [String(device_key), device_id]));
  const { rows: visits } = await client.query<StoredVisit>(historyStatements.visits, [from, to]);
  const values = [from, to, kindNumbers.motion];
  await client.query(`declare history no scroll cursor for ${historyStatements.reports}`, values);
  for (let told = 0; ; ) {
    const { rows } = await client.query<Cell[]>({
      ...{ text: `fetch forward ${batchRows} from history`, rowMode: 'array' },
      types: { getTypeParser: () => asText },
    });
    const until = rows.length === 0 ? Number.POSITIVE_INFINITY : Number(rows.at(-1)?.[0]);
    const reports = rows.map((row): HistoryRow => ({ type: 'report', row: reportOf(row, names) }));
    const behind = visits.findIndex(({ sequence }, index) => index >= told && sequence > until);
    const met = visits.slice(told, behind < 0 ? visits.length : behind).map(visitOf);
    told += met.length;
    yield met.length === 0 ? reports : [...met, ...reports].sort((a, b) => a.row.sequence - b.row.sequence);
    if (rows.length === 0) break;
  }
  await client.query('commit');
}

export type Span = { from: number; to: number };
export type StoredVisit = Pick<Visit, 'householdId' | 'visitedAt' | 'result'> & { sequence: number; at: number };
export type HistoryRow = { type: 'report'; row: ReportRow } | { type: 'visit'; row: StoredVisit };

/** When the first report was received, and just after the last, epoch ms; undefined: there is none. */
export async function historySpan(client: pg.ClientBase): Promise<Span | undefined> {
  const { rows } = await client.query<{ first: number | null; last: number | null }>(historyStatements.span);
  const { first = null, last = null } = rows[0] ?? {};
  return first === null || last === null ? undefined : { from: first, to: last + 1 };
}

const batchRows = 5_000;
const visitOf = (row: StoredVisit): HistoryRow => ({ type: 'visit', row });

type Cell = string | null;
const asText = (text: string): string => text;

const kindNames = namesOf<ReportName>(kindNumbers);
const clockNames = namesOf<ClockTrust>(clockNumbers);
function namesOf<Name extends string>(numbers: { readonly [N in Name]: number }): readonly (Name | undefined)[] {
  const names: Name[] = [];
  for (const name of Object.keys(numbers) as Name[]) names[numbers[name]] = name;
  return names;
}

/** Behind the seven that every row has; the columns of text once each, whatever they are called in a report. */
const textNames = [...new Set(textColumns.map(([, name]) => name))];
const firstNumber = 7;
const firstText = firstNumber + numberColumns.length;

function reportOf(cells: readonly Cell[], devices: ReadonlyMap<string, string>): ReportRow {
  const [sequence, part, device, receivedAt, occurredAt, kind, clock] = cells;
  const name = kindNames[Number(kind)];
  if (name === undefined) throw new Error(`${kind} stands for no report that this release knows`);
  const fields: { [field: string]: unknown } = { name, v: 1 };
  let column = firstNumber;
  for (const [field] of numberColumns) {
    const cell = cells[column++];
    if (cell !== null) fields[field] = Number(cell);
  }
  for (const text of textNames) {
    const cell = cells[column++];
    if (cell !== null) fields[text === 'state' && name === 'press' ? 'call' : text] = cell;
  }
  const extra = cells[firstText + textNames.length];
  const { unread = [], ...others } = extra === null ? {} : (JSON.parse(extra ?? '{}') as { unread?: string[] });
  return {
    ...{ sequence: Number(sequence), part: Number(part), deviceId: devices.get(device ?? '') ?? `device ${device}` },
    ...{ receivedAt: Number(receivedAt), occurredAt: Number(occurredAt), clock: clockNames[Number(clock)] ?? 'absent' },
    // It was understood before it was written; nothing but its samples is missing.
    report: Object.assign(fields, others) as unknown as Report,
    unread,
  };
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::int8`;
const columns = [
  ...['journal_position', 'part', 'device_key', ms('received_at'), ms('occurred_at'), 'kind', 'clock'],
  ...numberColumns.map(([, name]) => name),
  ...textNames,
  'extra',
];

export const historyStatements = {
  devices: 'select device_key, device_id from device',
  /** $1 and $2 epoch ms, $3 the kind of motion windows. */
  reports: `
    select ${columns.join(', ')}
    from report
    where received_at >= to_timestamp($1::float8 / 1000.0) and received_at < to_timestamp($2::float8 / 1000.0)
      and kind <> $3::smallint
    order by journal_position, part`,
  visits: `
    select journal_position::float8 as sequence, extract(epoch from recorded_at)::float8 * 1000 as at,
      household_id as "householdId", extract(epoch from visited_at)::float8 * 1000 as "visitedAt", result
    from visit
    where recorded_at >= to_timestamp($1::float8 / 1000.0) and recorded_at < to_timestamp($2::float8 / 1000.0)
    order by journal_position`,
  span: `
    select extract(epoch from min(received_at))::float8 * 1000 as first, extract(epoch from max(received_at))::float8 * 1000 as last
    from report`,
};
