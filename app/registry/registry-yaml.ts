import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { type Section, sectionNames, sections } from '../../api/registry/registry-entry.ts';
import type { Entry } from '../../api/registry/registry-plan.ts';

/** What is wrong in a file, and where a person finds it. */
export type LineProblem = { line: number; problem: string };

/** A parsed file takes some seventy times its size in memory. */
const mostBytes = 16_000_000;

/**
 * Reads a registry file into items to put and ids to remove.
 * What is written is what is meant: only the fields that hold numbers and switches are read as such, so that a telephone
 * number, an IMEI or a room "012" needs no quotes.
 */
export function readRegistryYaml(text: string): {
  puts: Entry<number>[];
  removes: Entry<number>[];
  problems: LineProblem[];
} {
  const nothing = { puts: [], removes: [] };
  if (Buffer.byteLength(text) > mostBytes) {
    const problem = `the file is larger than ${mostBytes / 1_000_000} MB; split it: an import leaves alone what it does not name`;
    return { ...nothing, problems: [{ line: 1, problem }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  if (document.errors.length > 0) {
    return {
      ...nothing,
      problems: document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), problem: message })),
    };
  }
  const source: Source = { lineAt, problems: [] };
  const root = document.contents;
  if (!isMap(root)) {
    const problem = `the file holds lists under these names: ${sectionNames.join(', ')}, remove`;
    return { ...nothing, problems: [{ line: 1, problem }] };
  }
  const fields = fieldsOf(source, root);
  const isRemoval = ({ name }: Field) => name === 'remove';
  return {
    puts: fields
      .filter((field) => !isRemoval(field))
      .flatMap((field) => itemsOf(source, field.name, field.line, field.content)),
    removes: fields.filter(isRemoval).flatMap(({ line, content }) => removalsOf(source, line, content)),
    problems: source.problems,
  };
}

type Source = { lineAt(offset: number): number; problems: LineProblem[] };
type Field = { name: string; line: number; content: Node | undefined };

function fieldsOf({ lineAt, problems }: Source, map: YAMLMap<unknown, unknown>): Field[] {
  return map.items.flatMap(({ key, value }) => {
    const line = isNode(key) && key.range ? lineAt(key.range[0]) : 1;
    if (isScalar(key)) return { name: textOf(key), line, content: contentOf(value) };
    problems.push({ line, problem: 'the name of a field is a single word' });
    return [];
  });
}

function itemsOf(source: Source, name: string, line: number, content: Node | undefined): Entry<number>[] {
  if (!Object.hasOwn(sections, name)) {
    source.problems.push({
      line,
      problem: `there is no section "${name}"; these are: ${sectionNames.join(', ')}, remove`,
    });
    return [];
  }
  if (content === undefined) return [];
  if (!isSeq(content)) {
    source.problems.push({ line, problem: `${name} is a list: each entry begins with "- "` });
    return [];
  }
  return content.items.map(contentOf).map((item) => ({
    section: name as Section,
    value: plain(source, item, ''),
    at: (path) => lineOfPath(source, item, path, line),
    line: lineOfPath(source, item, [], line),
  }));
}

function removalsOf(source: Source, line: number, content: Node | undefined): Entry<number>[] {
  if (content === undefined) return [];
  if (isMap(content)) {
    return fieldsOf(source, content).flatMap((field) => itemsOf(source, field.name, field.line, field.content));
  }
  source.problems.push({ line, problem: `remove holds lists of ids under these names: ${sectionNames.join(', ')}` });
  return [];
}

function plain(source: Source, node: Node | undefined, name: string, isSetting = false): unknown {
  if (isAlias(node)) {
    const line = node.range ? source.lineAt(node.range[0]) : 1;
    source.problems.push({ line, problem: `"*${node.source}" stands for another place; write its value here` });
    return undefined;
  }
  if (isSeq(node)) return node.items.map((item) => plain(source, contentOf(item), name, isSetting));
  if (isMap(node)) {
    const fields = fieldsOf(source, node).map((field): [string, unknown] => [
      field.name,
      plain(source, field.content, field.name, isSetting || field.name === 'settings'),
    ]);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }
  if (!isScalar(node)) return undefined;
  return isSetting || numbersAndSwitches.has(name) ? node.value : textOf(node);
}

/** A field that is missing is looked for where it would stand: in what contains it. */
function lineOfPath(source: Source, node: Node | undefined, path: readonly PropertyKey[], otherwise: number): number {
  const line = node?.range ? source.lineAt(node.range[0]) : otherwise;
  const [step, ...rest] = path;
  if (step === undefined) return line;
  if (isSeq(node)) return lineOfPath(source, contentOf(node.items[Number(step)]), rest, line);
  if (!isMap(node)) return line;
  const field = fieldsOf(source, node).find(({ name }) => name === String(step));
  if (!field) return line;
  return rest.length === 0 ? field.line : lineOfPath(source, field.content, rest, field.line);
}

/** A field without a value says nothing, and counts as absent. */
const contentOf = (node: unknown): Node | undefined =>
  isNode(node) && !(isScalar(node) && node.value === null) ? node : undefined;

const numbersAndSwitches = new Set([
  ...['lat', 'lon', 'radiusMeters', 'months', 'order', 'intervalMinutes', 'simulated', 'at', 'given'],
  ...['below', 'above', 'hysteresis', 'holdMinutes', 'maxGapMinutes', 'repeats', 'weekdays'],
  // Of ladders and rosters.
  ...[
    'afterSeconds',
    'nth',
    'nearest',
    'desk',
    'everySeconds',
    'times',
    'thenEverySeconds',
    'as',
    'acceptWithinMinutes',
  ],
  // Of an absence.
  ...['since', 'until'],
]);

const textOf = (scalar: Scalar): string =>
  typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
