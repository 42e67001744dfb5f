import { encoderBegin, headerBegin, headerEnd } from './c-text.ts';
import { maxBatchItems, maxPayloadBytes } from './codec.ts';
import { commandSchemas } from './commands.ts';
import { reportSchemas } from './contracts.ts';
import { type JsonSchema, reportJsonSchema } from './json-schema.ts';
import type { ReportName } from './report.ts';
import { maxTopicLength } from './topics.ts';

/**
 * A header with the enumerations, keys, limits and topics of the contracts, and an encoder of CBOR reports in C99 without
 * allocation, tables or libraries beyond `memcpy`: for the smallest devices. Its bytes are those of `encodeReport`.
 */
export function cSources(): { 'steppewatch.h': string; 'steppewatch.c': string } {
  const reports = (Object.keys(reportSchemas) as ReportName[]).map(cReportOf);
  const header = [
    headerBegin({ maxTopicLength, maxPayloadBytes, maxBatchItems }),
    ...reports.map(declared),
    ...commandLines(),
    headerEnd,
  ];
  return {
    'steppewatch.h': `${header.join('\n')}\n`,
    'steppewatch.c': `${[encoderBegin, ...reports.map(defined)].join('\n')}\n`,
  };
}

/** One field as C sees it. `isOptional`: it has a flag, a null pointer or an `ABSENT` that leaves it out. */
type CField = { name: string; key: number; schema: JsonSchema; isOptional: boolean; kind: CKind };
type CKind = 'enum' | 'number' | 'count' | 'flag' | 'text' | 'texts' | 'numbers' | 'samples';
type CReport = { name: ReportName; fields: CField[] };

function cReportOf(name: ReportName): CReport {
  const { properties, required } = reportJsonSchema(name) as {
    properties: { [field: string]: JsonSchema };
    required: string[];
  };
  const fields = Object.entries(properties).flatMap(([field, schema]): CField[] => {
    const key = Number(schema['x-cbor-key']);
    // What every report carries is `sw_every`.
    if (key < firstOwnKey) return [];
    return [{ name: field, key, schema, isOptional: !required.includes(field), kind: kindOf(schema) }];
  });
  return { name, fields: fields.sort((a, b) => a.key - b.key) };
}

const firstOwnKey = 10;

function kindOf({ type, enum: words, items, 'x-cbor-packed': packed }: JsonSchema): CKind {
  if (words !== undefined) return 'enum';
  if (packed !== undefined) return 'samples';
  if (type === 'array') return (items as JsonSchema).type === 'string' ? 'texts' : 'numbers';
  if (type === 'boolean') return 'flag';
  if (type === 'string') return 'text';
  return type === 'integer' ? 'count' : 'number';
}

function declared({ name, fields }: CReport): string {
  return [
    '',
    `/* ---- ${name}: up/{device}/${name} ---- */`,
    `#define SW_TOPIC_${upper(name)} "${name}"`,
    ...fields.map((field) => `#define SW_KEY_${upper(name)}_${upper(field.name)} ${field.key}`),
    ...fields.flatMap((field) => limits(name, field)),
    ...fields.filter(({ kind }) => kind === 'enum').map((field) => enumeration(name, field)),
    'typedef struct {',
    '  sw_every every;',
    ...fields.flatMap((field) => members(name, field)),
    `} sw_${name};`,
    `/* The bytes that were written; 0 when they are more than size, or an enumeration holds none of its values. */`,
    `size_t sw_encode_${name}(const sw_${name} *report, uint8_t *bytes, size_t size);`,
  ].join('\n');
}

function limits(report: string, { name, schema }: CField): string[] {
  const { minimum, maximum, maxItems, 'x-unit': unit } = schema;
  const of = `SW_${upper(report)}_${upper(name)}`;
  const inUnit = unit === undefined || unit === '1' ? '' : ` /* ${unit} */`;
  return [
    ...(minimum === undefined ? [] : [`#define ${of}_MIN (${minimum})${inUnit}`]),
    ...(maximum === undefined ? [] : [`#define ${of}_MAX (${maximum})${inUnit}`]),
    ...(maxItems === undefined ? [] : [`#define ${of}_MOST ${maxItems}`]),
  ];
}

function enumeration(report: string, { name, schema, isOptional }: CField): string {
  const of = `SW_${upper(report)}_${upper(name)}`;
  const words = (schema.enum as string[]).map((word) => `${of}_${upper(word)}`);
  const all = isOptional ? [`${of}_ABSENT`, ...words] : words;
  return `typedef enum { ${all.join(', ')} } sw_${report}_${name};`;
}

function members(report: string, { name, kind, isOptional, schema }: CField): string[] {
  const flag = isOptional ? [`  bool has_${name};`] : [];
  const comment = schema['x-unit'] === undefined || schema['x-unit'] === '1' ? '' : ` /* ${schema['x-unit']} */`;
  switch (kind) {
    case 'enum':
      return [`  sw_${report}_${name} ${name};`];
    case 'text':
      return [`  const char *${name};${isOptional ? ' /* NULL: absent */' : ''}`];
    case 'texts':
      return [...flag, `  const char *const *${name};`, `  size_t ${name}_count;`];
    case 'numbers':
      return [...flag, `  const double *${name};${comment}`, `  size_t ${name}_count;`];
    case 'samples':
      return [`  const int16_t *${name};${comment}`, `  size_t ${name}_count;`];
    case 'flag':
      return [...flag, `  bool ${name};`];
    case 'count':
      return [...flag, `  uint32_t ${name};${comment}`];
    default:
      return [...flag, `  double ${name};${comment}`];
  }
}

function defined({ name, fields }: CReport): string {
  const always = fields.filter(({ isOptional }) => !isOptional).length;
  const optional = fields.filter(({ isOptional }) => isOptional);
  const words = fields.filter(({ kind }) => kind === 'enum').map((field) => wordsOf(name, field));
  return [
    '',
    ...words,
    `size_t sw_encode_${name}(const sw_${name} *report, uint8_t *bytes, size_t size) {`,
    '  writer w = {bytes, size, 0, false};',
    `  begin(&w, &report->every, ${always}u${optional.map((field) => ` + (${isThere(name, field)} ? 1u : 0u)`).join('')});`,
    ...fields.map((field) => writing(name, field)),
    '  return written(&w);',
    '}',
  ].join('\n');
}

function wordsOf(report: string, { name, schema, isOptional }: CField): string {
  const words = (schema.enum as string[]).map((word) => `"${word}"`);
  return `static const char *const ${report}_${name}_words[] = {${[...(isOptional ? ['""'] : []), ...words].join(', ')}};`;
}

function isThere(report: string, { name, kind }: CField): string {
  if (kind === 'enum') return `report->${name} != SW_${upper(report)}_${upper(name)}_ABSENT`;
  return kind === 'text' ? `report->${name} != NULL` : `report->has_${name}`;
}

function writing(report: string, field: CField): string {
  const { key, isOptional } = field;
  const lines = [`key(&w, ${key});`, `${written(report, field)};`];
  if (!isOptional) return lines.map((line) => `  ${line}`).join('\n');
  return [`  if (${isThere(report, field)}) {`, ...lines.map((line) => `    ${line}`), '  }'].join('\n');
}

function written(report: string, { name, kind }: CField): string {
  const value = `report->${name}`;
  switch (kind) {
    case 'enum':
      return `word(&w, ${report}_${name}_words, sizeof ${report}_${name}_words / sizeof *${report}_${name}_words, (unsigned)${value})`;
    case 'text':
      return `text(&w, ${value})`;
    case 'texts':
      return `texts(&w, ${value}, ${value}_count)`;
    case 'numbers':
      return `numbers(&w, ${value}, ${value}_count)`;
    case 'samples':
      return `samples(&w, ${value}, ${value}_count)`;
    case 'flag':
      return `flag(&w, ${value})`;
    case 'count':
      return `head(&w, UNSIGNED, ${value})`;
    default:
      return `number(&w, ${value})`;
  }
}

function commandLines(): string[] {
  const names = Object.keys(commandSchemas);
  return [
    '',
    '/* ---- commands: down/{device}/{command} ---- */',
    ...names.map((name) => `#define SW_COMMAND_${upper(name)} "${name}"`),
    ...names.flatMap((name) =>
      Object.entries(commandSchemas[name as keyof typeof commandSchemas].shape).flatMap(([field, schema]) => {
        const { cbor } = (schema as { meta(): { cbor?: number } | undefined }).meta() ?? {};
        return cbor === undefined ? [] : [`#define SW_KEY_${upper(name)}_${upper(field)} ${cbor}`];
      }),
    ),
  ];
}

const upper = (word: string) => word.toUpperCase().replaceAll('-', '_');
