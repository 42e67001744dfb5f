import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { temporaryFolder } from '../bench/system.ts';

// What systemd itself says of the units, without starting them.

const source = join(import.meta.dirname, '..', 'systemd');
const files = readdirSync(source).filter((file) => /\.(service|timer)$/.test(file));
const services = files.filter((file) => file.endsWith('.service'));
const { folder, remove } = temporaryFolder('units');
afterAll(remove);

/** The units with the program that is on this machine, each changed by `change`. */
function copyUnits(name: string, change: (text: string) => string = (text) => text): string {
  const to = join(folder, name);
  mkdirSync(to);
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8');
    const started = text.replaceAll('/opt/steppewatch/node_modules/.bin/node', process.execPath);
    writeFileSync(join(to, file), change(started));
  }
  return to;
}

function analyze(...args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 30_000 });
  return { status, said: `${stdout}${stderr}` };
}
const verify = (units: string) =>
  analyze('verify', '--man=no', '--recursive-errors=no', ...files.map((file) => join(units, file)));

test('systemd finds nothing wrong with them', () => {
  expect(verify(copyUnits('as-they-are'))).toEqual({ status: 0, said: '' });
});

test('it would find a misspelt setting', () => {
  const misspelt = copyUnits('misspelt', (text) => text.replace('NoNewPrivileges=', 'NoNewPrivilege='));
  expect(verify(misspelt).said).toMatch(/Unknown key.*'NoNewPrivilege'/);
});

test('it calls their exposure low: 1.6 of 10 at most, and 1.7 of the one that has a modem', () => {
  for (const service of services) {
    const threshold = service === 'steppewatch-dead-man.service' ? 17 : 16;
    const { status, said } = analyze('security', '--offline=true', `--threshold=${threshold}`, join(source, service));
    expect(status, said.slice(-200)).toBe(0);
  }
  const open = copyUnits('open', (text) => text.replace('CapabilityBoundingSet=\n', ''));
  expect(analyze('security', '--offline=true', '--threshold=16', join(open, 'steppewatch.service')).status).not.toBe(0);
});
