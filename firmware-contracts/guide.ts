import { commandSchemas, type DeviceCommand } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import { commandJsonSchema, type JsonSchema, reportJsonSchema } from './json-schema.ts';
import { table } from './markdown.ts';
import { type ReportName, shortTextSays } from './report.ts';
import { sizesTable, yearTable } from './sizes.ts';

/**
 * The guide for firmware engineers with its tables made anew: what stands between `<!-- made: NAME -->` and `<!-- end -->`.
 * Errors: a name that is none, or a table without a place.
 */
export function withFirmwareTables(guide: string): string {
  const left = new Set(Object.keys(tables));
  const text = guide.replace(/(<!-- made: ([a-z]+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, name, end) => {
    const make = tables[name];
    if (!make) throw new Error(`no table is called ${name}`);
    left.delete(name);
    return `${begin}${make()}\n${end}`;
  });
  if (left.size > 0) throw new Error(`the guide has no place for ${[...left].join(', ')}`);
  return text;
}

const reportNames = Object.keys(reportSchemas) as ReportName[];
const commandNames = Object.keys(commandSchemas) as DeviceCommand['name'][];
const firstOwnKey = 10;

const tables: { readonly [name: string]: () => string } = {
  every: () => fieldsTable(reportJsonSchema('status'), isOfEvery),
  reports: () =>
    reportNames
      .map((name) => `#### ${name}\n\n${fieldsTable(reportJsonSchema(name), (field) => !isOfEvery(field))}`)
      .join('\n\n'),
  commands: () => {
    const [first = 'locate', ...others] = commandNames;
    const own = others.filter((name) => ownFields(name) > 0);
    return [
      `#### every command\n\n${fieldsTable(commandJsonSchema(first), isOfEvery)}`,
      ...own.map((name) => `#### ${name}\n\n${fieldsTable(commandJsonSchema(name), (field) => !isOfEvery(field))}`),
    ].join('\n\n');
  },
  sizes: () => sizesTable(reportNames),
  year: yearTable,
};

const isOfEvery = (field: JsonSchema) => Number(field['x-cbor-key']) < firstOwnKey;

function ownFields(name: DeviceCommand['name']): number {
  return Object.values(fieldsOf(commandJsonSchema(name))).filter((field) => !isOfEvery(field)).length;
}

const fieldsOf = (schema: JsonSchema) => schema.properties as { [name: string]: JsonSchema };

function fieldsTable(schema: JsonSchema, isShown: (field: JsonSchema) => boolean): string {
  const required = new Set(schema.required as string[]);
  const rows = Object.entries(fieldsOf(schema))
    .filter(([, field]) => isShown(field))
    .map(([name, field]) => [
      `\`${name}\`${required.has(name) ? '' : ', may be left out'}`,
      String(field['x-cbor-key']),
      values(field),
      String(field.description),
    ]);
  return table(['field', 'key', 'value', 'what it says'], rows);
}

function values(field: JsonSchema): string {
  const unit = field['x-unit'] === undefined || field['x-unit'] === '1' ? '' : ` ${field['x-unit']}`;
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (Array.isArray(field.enum)) return field.enum.map((word) => `\`${word}\``).join(', ');
  if (field.type === 'boolean') return 'true, false';
  if (field.type === 'string') return shortTextSays;
  if (field.type === 'array')
    return `a list of ${field.minItems ?? 0} to ${field.maxItems}: ${values({ ...(field.items as JsonSchema), 'x-unit': field['x-unit'] })}`;
  const from = field.minimum ?? `above ${field.exclusiveMinimum}`;
  return `${field.type === 'integer' ? 'whole, ' : ''}${from} to ${field.maximum}${unit}`;
}
