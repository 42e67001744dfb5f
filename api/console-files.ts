import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Everything that the page loads, by its address, read once when the API opens: there is no build step. TypeScript loses
 * its types here; packages get an address of their own. What the page's modules do not import is not served.
 */
export async function consoleFiles(): Promise<Map<string, ConsoleFile>> {
  const files = new Map<string, ConsoleFile>();
  for (const [address, path] of Object.entries(pages)) files.set(address, await fileOf(path));
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(addressOf(path))) continue;
    const { code, imports } = await moduleOf(path);
    files.set(addressOf(path), withTag('text/javascript; charset=utf-8', Buffer.from(code)));
    waiting.push(...imports);
  }
  return files;
}

export type ConsoleFile = { type: string; body: Buffer; etag: string };

const root = new URL('..', import.meta.url);
const entry = 'console/main.ts';
const pages = {
  '/': 'console/index.html',
  ...Object.fromEntries(
    ['base.css', 'desk.css', 'incident.css', 'duty.css', 'office.css', 'phone.css', 'icon.svg'].map((name) => [
      `/assets/console/${name}`,
      `console/${name}`,
    ]),
  ),
};
const types: { [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** The only packages that the page may use. */
const packages: { [specifier: string]: string } = {
  preact: 'node_modules/preact/dist/preact.mjs',
  'preact/hooks': 'node_modules/preact/hooks/dist/hooks.mjs',
  htm: 'node_modules/htm/dist/htm.module.js',
  'htm/preact': 'node_modules/htm/preact/index.module.js',
};

/** Browsers resolve no package names, so that an address stands in their place. */
async function moduleOf(path: string): Promise<{ code: string; imports: string[] }> {
  const text = await readFile(fileURLToPath(new URL(path, root)), 'utf8');
  const imports: string[] = [];
  const plain = path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
  const code = plain.replaceAll(importPattern, (_, keyword: string, quote: string, specifier: string) => {
    const imported = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : packages[specifier];
    if (imported === undefined) throw new Error(`${path} imports ${specifier}, which is not for the page`);
    imports.push(imported);
    return `${keyword}${quote}${addressOf(imported)}${quote}`;
  });
  return { code, imports };
}

const importPattern = /(\bfrom\s*|\bimport\s*)(["'])([^"'\n]+)\2/g;

/** The folder of packages is named by nobody outside. */
const addressOf = (path: string): string => `/assets/${path.replace('node_modules/', 'packages/')}`;

async function fileOf(path: string): Promise<ConsoleFile> {
  const body = await readFile(fileURLToPath(new URL(path, root)));
  return withTag(types[posix.extname(path)] ?? 'application/octet-stream', body);
}

function withTag(type: string, body: Buffer): ConsoleFile {
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
