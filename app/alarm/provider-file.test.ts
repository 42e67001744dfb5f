import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { templateNames } from '../../responders/texts/templates.ts';
import { entryOf, readProviders } from './provider-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'providers-'));
const file = join(folder, 'providers.yaml');

function read(content: unknown) {
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  const problems: string[] = [];
  const providers = readProviders(file, problems);
  return { providers, problems: problems.map((text) => text.replace(`STEPPEWATCH_PROVIDERS: ${file}: `, '')) };
}

const templates = Object.fromEntries(templateNames.map((name, at) => [name, `SMS_${at + 1}`]));
const aliyun = {
  id: 'aliyun',
  type: 'aliyun-sms',
  accessKeyId: 'a',
  accessKeySecret: 's',
  signName: '守护',
  templates,
};

test('providers stand in the order in which the file names them, with the limits of their makers', () => {
  const { providers, problems } = read([
    { id: 'modem-1', type: 'modem', port: '/dev/ttyUSB0' },
    aliyun,
    { id: 'ring', type: 'modem-ring', modem: 'modem-1' },
  ]);
  expect(problems).toEqual([]);
  expect(providers.map(entryOf)).toMatchObject([
    { id: 'modem-1', type: 'modem', medium: 'sms' },
    { id: 'aliyun', medium: 'sms', windows: [{ per: 'target-and-template', count: 50, perMs: 86_400_000 }] },
    { id: 'ring', medium: 'voice' },
  ]);
});

test('what enters the journal of a provider holds no secret', () => {
  const { providers } = read([aliyun]);
  expect(JSON.stringify(providers.map(entryOf))).not.toMatch(/accessKey|signName|SMS_1/);
});

test('a secret may stand in a file of its own, and one that is missing is named', () => {
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'from-a-file\n');
  const { accessKeySecret: _, ...rest } = aliyun;
  const { providers, problems } = read([{ ...rest, accessKeySecretFile: secret }]);
  expect(problems).toEqual([]);
  expect(providers[0]?.settings).toMatchObject({ accessKeySecret: 'from-a-file' });
  expect(read([{ ...rest, accessKeySecretFile: '/nowhere' }]).problems[0]).toBe(
    'provider aliyun: accessKeySecretFile: cannot read /nowhere (ENOENT)',
  );
});

test('a contract that allows more, or less, has windows of its own', () => {
  const windows = [{ per: 'target', count: 500, perMs: 60_000 }];
  expect(read([{ ...aliyun, windows }]).providers.map(entryOf)).toMatchObject([{ windows }]);
  expect(read([{ ...aliyun, windows: [{ per: 'target', count: 0, perMs: 60_000 }] }]).problems).toHaveLength(1);
});

test('every problem is named at once, with the provider that has it', () => {
  const { fire: _, ...withoutFire } = templates;
  expect(
    read([
      { type: 'pigeon', id: 'x' },
      { ...aliyun, templates: withoutFire },
      { id: 'aliyun', type: 'modem' },
      { id: 'modem', type: 'modem', port: '/dev/ttyUSB0', speed: 9600 },
      { id: 'ring', type: 'modem-ring', modem: 'modem-2' },
      { id: 'modem', type: 'modem', port: '/dev/ttyUSB1' },
    ]).problems.map((text) => text.slice(0, 52)),
  ).toEqual([
    expect.stringContaining('provider 1: type'),
    expect.stringContaining('provider aliyun: port'),
    expect.stringContaining('provider modem: modem: Unrecognized key'),
    'provider aliyun: templates lacks fire',
    'provider ring: there is no modem "modem-2"',
  ]);
  const twice = [
    { id: 'm', type: 'modem', port: '/dev/a' },
    { id: 'm', type: 'modem', port: '/dev/b' },
  ];
  expect(read(twice).problems).toEqual(['two providers are called m']);
});

test('a file that is no list, or is not there, says so', () => {
  expect(read('id: x').problems).toEqual([expect.stringContaining('holds a list')]);
  expect(read('- [').problems[0]).toContain('cannot be read');
});
