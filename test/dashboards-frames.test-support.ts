import pg from 'pg';

/** A column of a frame as Grafana's PostgreSQL source makes it. Instants are epoch ms. */
export type Field = {
  name: string;
  type: 'time' | 'number' | 'string' | 'boolean';
  values: (number | string | boolean | null)[];
  labels?: { [name: string]: string };
};

/** Asks on `client`, and answers the frame that Grafana would have: numbers of every width are numbers, instants milliseconds. */
export async function askFrame(client: pg.ClientBase, sql: string, format: 'table' | 'time_series'): Promise<Field[]> {
  const { fields, rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  const columns = fields.map(({ name, dataTypeID }, index): Field => {
    const type = typeOf(dataTypeID);
    return { name, type, values: rows.map((row) => shownValue(row[index], type)) };
  });
  return format === 'table' ? columns : wide(columns);
}

/**
 * A time series: rows in long form become a column for each `metric`, in the order of their time.
 * Errors: no column `time`; a time that is missing, or earlier than the one before.
 */
function wide(columns: Field[]): Field[] {
  const time = columns.find(({ name }) => name === 'time');
  if (time?.type !== 'time') throw new Error('a time series needs a column "time"');
  for (const [index, at] of time.values.entries()) {
    const before = time.values[index - 1];
    if (at === null) throw new Error('a time is missing');
    if (before !== undefined && Number(before) > Number(at)) throw new Error('times are not in order');
  }
  const metric = columns.find(({ name }) => name === 'metric');
  const values = columns.filter((column) => column !== time && column !== metric);
  const times = [...new Set(time.values)];
  if (!metric) return columns;
  const rowOf = new Map(times.map((at, index) => [at, index]));
  const names = [...new Set(metric.values.map(String))].sort();
  return [
    { ...time, values: times },
    ...values.flatMap((value) =>
      names.map((name): Field => {
        const series: Field['values'] = times.map(() => null);
        for (const [index, its] of metric.values.entries())
          if (String(its) === name) series[rowOf.get(time.values[index] ?? null) ?? -1] = value.values[index] ?? null;
        return { name: values.length === 1 ? name : `${value.name} ${name}`, type: value.type, values: series };
      }),
    ),
  ];
}

const { builtins } = pg.types;
const numeric = new Set<number>([
  builtins.INT2,
  builtins.INT4,
  builtins.INT8,
  builtins.FLOAT4,
  builtins.FLOAT8,
  builtins.NUMERIC,
]);
const times = new Set<number>([builtins.TIMESTAMPTZ, builtins.TIMESTAMP, builtins.DATE]);

function typeOf(oid: number): Field['type'] {
  if (numeric.has(oid)) return 'number';
  if (times.has(oid)) return 'time';
  return oid === builtins.BOOL ? 'boolean' : 'string';
}

function shownValue(value: unknown, type: Field['type']): Field['values'][number] {
  if (value === null || value === undefined) return null;
  if (type === 'number') return Number(value);
  if (type === 'time') return (value as Date).getTime();
  return type === 'boolean' ? value === true : String(value);
}
