import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backupName } from '../app/backup/backup.ts';
import { readConfiguration } from '../app/configuration.ts';
import { exitCodes } from '../app/exit.ts';
import { temporaryFolder } from '../bench/system.ts';
import { defaultLimits } from '../broker/limits.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'systemd');
const files = readdirSync(folder).sort();
const units = new Map(files.map((file) => [file, readUnit(file)]));
const services = [...units].filter(([file]) => file.endsWith('.service'));
const system = unitOf('steppewatch.service');
/** It is on another machine, without the system, and has a modem. */
const deadMan = unitOf('steppewatch-dead-man.service');
const beside = services.filter(([, unit]) => unit !== deadMan);

test('there is the system, what is done each night, and who watches it from a second machine', () => {
  expect(files).toEqual([
    'steppewatch-audit.service',
    'steppewatch-audit.timer',
    'steppewatch-backup.service',
    'steppewatch-backup.timer',
    'steppewatch-dead-man.service',
    'steppewatch.service',
    'steppewatch.sysusers.conf',
  ]);
  for (const file of files.filter((name) => name.endsWith('.timer'))) {
    expect(unitOf(file)).toMatchObject({ Timer: { OnCalendar: [expect.any(String)], Persistent: ['yes'] } });
  }
});

test('what is started is there, and runs on the Node that comes with it, as an account of its own', () => {
  for (const [name, { Service = {} }] of services) {
    const [, program] =
      /^\/opt\/steppewatch\/node_modules\/\.bin\/node (app\/[a-z/-]+\.ts)/.exec(Service.ExecStart?.[0] ?? '') ?? [];
    expect(existsSync(join(root, program ?? 'missing')), `${name} starts ${program}`).toBe(true);
    expect(Service).toMatchObject({
      User: ['steppewatch'],
      Group: ['steppewatch'],
      WorkingDirectory: ['/opt/steppewatch'],
    });
  }
  expect(readFileSync(join(folder, 'steppewatch.sysusers.conf'), 'utf8')).toMatch(/^u steppewatch - /);
});

test('it is started again for ever, but for what a person mends while it stands still', () => {
  const final = [exitCodes.damaged, exitCodes.configuration].map(String);
  expect(system.Service?.RestartPreventExitStatus?.[0]?.split(' ')).toEqual(final);
  expect(system).toMatchObject({ Unit: { StartLimitIntervalSec: ['0'] }, Service: { Restart: ['always'] } });
  // Nothing tells systemd that we live, so it must not wait for that.
  for (const [, { Service = {} }] of services) expect(Service.WatchdogSec).toBeUndefined();
});

test('there is room for every connection, and as many more files', () => {
  expect(Number(system.Service?.LimitNOFILE?.[0])).toBeGreaterThan(defaultLimits.connections + 1_000);
});

test('every unit is fenced in alike', () => {
  const fence = Object.fromEntries(
    Object.entries(system.Service ?? {}).filter(([key]) =>
      /^(Protect|Private|Restrict(?!Prevent)|System|Capab|NoNew|Lock)/.test(key),
    ),
  );
  expect(Object.keys(fence).length).toBeGreaterThan(17);
  expect(fence).toMatchObject({ NoNewPrivileges: ['yes'], ProtectSystem: ['strict'], CapabilityBoundingSet: [''] });
  for (const [name, { Service = {} }] of beside) {
    expect(Service, name).toMatchObject({ ...fence, UMask: ['0077'], LimitCORE: ['0'] });
  }
  // Its modem is the only device it sees.
  const { PrivateDevices: _, ...withModem } = fence;
  expect(deadMan.Service).toMatchObject({ ...withModem, UMask: ['0077'], LimitCORE: ['0'], DevicePolicy: ['closed'] });
  for (const device of deadMan.Service?.DeviceAllow ?? []) expect(device).toMatch(/^char-tty(USB|ACM|S) rw$/);
});

test('who watches from the second machine is started again for ever, but for a wrong file, and has that as a credential', () => {
  expect(deadMan).toMatchObject({
    Unit: { StartLimitIntervalSec: ['0'] },
    Service: { Restart: ['always'], RestartPreventExitStatus: [String(exitCodes.configuration)] },
    Install: { WantedBy: ['multi-user.target'] },
  });
  const [credential = '', path] = deadMan.Service?.LoadCredential?.[0]?.split(':') ?? [];
  expect(deadMan.Service?.ExecStart?.[0]?.endsWith(` %d/${credential}`)).toBe(true);
  expect(readFileSync(join(root, 'docs/operation.md'), 'utf8')).toContain(`# ${path}, `);
});

test('old backups go with their keys, after a new one is there, and nothing else goes', () => {
  const { folder: backups, remove } = temporaryFolder('old-backups');
  const now = Date.now();
  const old = now - 40 * 86_400_000;
  const made: [string, number][] = [
    [backupName(old), old],
    [backupName(now), now],
    ['kept by hand', old],
  ];
  for (const [name, at] of made) {
    for (const kind of ['steppewatch', 'steppewatch-keys']) {
      mkdirSync(join(backups, kind, name), { recursive: true });
      utimesSync(join(backups, kind, name), at / 1000, at / 1000);
    }
  }
  const command = unitOf('steppewatch-backup.service').Service?.ExecStartPost?.[0] ?? '';
  const [program = '', ...args] = command.replaceAll('/var/backups', backups).split(' ');
  expect(spawnSync(program, args).status).toBe(0);
  for (const kind of ['steppewatch', 'steppewatch-keys']) {
    expect(readdirSync(join(backups, kind)).sort()).toEqual([backupName(now), 'kept by hand']);
  }
  remove();
});

test('what is done each night comes after the system, which must not find its folder taken', () => {
  for (const [name, { Unit = {} }] of beside) {
    if (name !== 'steppewatch.service') expect(Unit.After, name).toEqual(['steppewatch.service']);
  }
});

test('each has the same folders and secrets, and every setting is one', () => {
  const settings = system.Service?.Environment ?? [];
  for (const [name, { Service = {} }] of beside) {
    expect([Service.Environment, Service.LoadCredential], name).toEqual([settings, system.Service?.LoadCredential]);
  }
  const given = Object.fromEntries(settings.flatMap((line) => line.split(' ')).map((pair) => pair.split('=')));
  expect(given.STEPPEWATCH_MASTER_KEY_FILE).toBe('%d/master-key');
  const { STEPPEWATCH_MASTER_KEY_FILE: _, ...rest } = given;
  expect(readConfiguration(rest)).toMatchObject({
    dataFolder: '/var/lib/steppewatch',
    keysFolder: '/var/lib/steppewatch-keys',
  });
});

type Unit = Record<string, Record<string, string[]>>;

function unitOf(file: string): Unit {
  const unit = units.get(file);
  if (!unit) throw new Error(`there is no ${file}`);
  return unit;
}

/** By section and key, every value in order. */
function readUnit(file: string): Unit {
  const unit: Unit = {};
  let section: Record<string, string[]> = {};
  for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (title !== undefined) {
      section = {};
      unit[title] = section;
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    section[key] ??= [];
    section[key].push(value);
  }
  return unit;
}
