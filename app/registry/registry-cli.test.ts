import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sections } from '../../api/registry/registry-entry.ts';
import { checkSecret } from '../../broker/credentials.ts';
import { alarmAway } from '../../platform/errors.ts';
import { systemChance } from '../../platform/random.ts';
import { type Command, type CommandResult, command as commandSchema } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { put, smallCounty } from '../../records/registry.test-support.ts';
import type { Contact, EntityType, RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { sealChanges } from '../../records/sealing.ts';
import { ownKeys } from './own-keys.test-support.ts';
import { type RegistryCliParts, runRegistryCli } from './registry-cli.ts';
import { exportRegistry } from './registry-export.ts';
import { registryPage } from './registry-pages.ts';

const example = readFileSync(join(import.meta.dirname, '../../docs/registry-example.yaml'), 'utf8');
const { vault } = await ownKeys();

/** The process that owns registry and keys, as far as the command sees it, and a terminal with one file. */
function running(file = example, { dies = false, inEmergency = '' } = {}) {
  const registry = createRegistry({ state: new FoldState() });
  const printed: string[] = [];
  const complaints: string[] = [];
  const written = new Map<string, string | Uint8Array>();
  const commands: Command[] = [];
  const command = async (sent: Command): Promise<CommandResult> => {
    const asked = commandSchema.parse(sent);
    commands.push(asked);
    if (dies && commands.length > 1) throw alarmAway({});
    if (asked.type === 'registry-part') {
      const staged = registry.stage(
        asked.importId,
        asked.part,
        sealChanges(asked.changes, { vault, current: registry }),
      );
      return staged.ok ? staged : { ok: false, problem: 'invalid', message: staged.problems.join('\n') };
    }
    if (asked.type === 'look') return { ok: true };
    if (asked.type !== 'registry-commit') throw new Error(`the registry does not know ${asked.type}`);
    const answer = registry.commit(asked.importId, asked.parts);
    return answer.ok ? { ok: true } : { ok: false, problem: 'invalid', message: answer.problems.join('\n') };
  };
  const parts: Omit<RegistryCliParts, 'argv'> = {
    system: {
      command,
      page: async (request) => registryPage(registry, request),
      whyNotErased: async (id) => (id === inEmergency ? 'incident 7K4M is critical, theirs, and not over' : undefined),
    },
    openKeys: async () => vault,
    chance: systemChance,
    readText: async (path) => (path === 'county.yaml' ? file : Promise.reject(new Error('no such file'))),
    writeText: async (path, text) => void written.set(path, text),
    files: { read: unexpected, create: unexpected, remove: unexpected },
    print: (text) => printed.push(text),
    complain: (text) => complaints.push(text),
  };
  const run = (...argv: string[]) => runRegistryCli({ ...parts, argv });
  return { registry, printed, complaints, written, commands, run };
}

const unexpected = async () => expect.unreachable();
const contentsOf = (registry: ReturnType<typeof running>['registry']) =>
  Object.values(sections).map((entity) => [...registry.list<EntityType>(entity)]);

test('the example county is read, and nothing personal of it is kept in plain text', async () => {
  const { run, registry, printed, complaints } = running();
  expect([await run('import', 'county.yaml'), complaints]).toEqual([0, []]);
  const limit =
    '当设备处温度低于8 °C持续2小时，至少2次读数，相邻读数间隔不超过1小时30分钟，时段22:00至07:00，限11月、12月、1月、2月、3月，通知值班台，无人应答时通知服务站（紧急）。' +
    '读数不低于9 °C即解除。其间超过1小时30分钟没有读数则视为未知，并列入工作清单。适用于区域dongjing。\n' +
    'When the temperature at the device is below 8 °C for 2 h, in at least 2 readings, readings at most 1 h 30 min apart, ' +
    'between 22:00 and 07:00, in Nov, Dec, Jan, Feb, Mar, the desk is told, and the station when nobody answers (urgent). ' +
    'It is over at 9 °C or more. When no reading comes for 1 h 30 min meanwhile, it is unknown, and that joins the list of work. ' +
    'It counts in the area dongjing.\n';
  const counts =
    'areas: 6 added\nsites: 1 added\nplaces: 5 added\nhouseholds: 4 added\npeople: 5 added\ncontacts: 10 added\nzones: 1 added\ndevices: 10 added\n';
  expect(printed).toEqual([
    `${counts}ruleSettings: 1 added\nthresholds: 1 added\n${limit}10 of these devices have no secret yet, and cannot connect until they have one\n`,
  ]);
  const kept = JSON.stringify(contentsOf(registry));
  for (const personal of ['萨仁', '布和', '138 0000', 'buhe', 'whsec_', '有狗', 'Altan'])
    expect(kept).not.toContain(personal);
  const where = registry.whereabouts('860000000000004');
  expect(where).toMatchObject({ personId: 'p-0001', placeId: 'dj-01', areaId: 'dongjing' });
  const called = registry.contactsFor(where).map(({ id }) => id);
  expect(called).toEqual([
    'c-daughter-1',
    'c-neighbour-1',
    'c-station-dj',
    'c-neighbour-2',
    'c-bayan',
    'c-county',
    'c-desk',
  ]);
  expect(registry.ruleSettings('device-silent', where)).toEqual([{ missedReports: 3 }]);
});

test('the same file again changes nothing and sends nothing', async () => {
  const { run, printed, commands } = running();
  await run('import', 'county.yaml');
  const sent = commands.length;
  expect(await run('import', 'county.yaml')).toBe(0);
  expect(printed[1]).toBe('nothing to change: the registry already says so\n');
  expect(commands).toHaveLength(sent);
});

test.each([[[]], [['--with-secrets']]])('an export %s imports again to the same registry', async (options) => {
  const first = running();
  await first.run('import', 'county.yaml');
  expect(await first.run('export', '--out', 'out.yaml', ...options)).toBe(0);
  expect(first.commands.at(-1)).toMatchObject({ type: 'look', of: { type: 'registry' }, how: 'exported' });
  const text = String(first.written.get('out.yaml'));
  expect(text).toContain('萨仁高娃');
  expect(text.includes('whsec_')).toBe(options.length > 0);

  const again = running(text);
  expect([await again.run('import', 'county.yaml'), again.complaints]).toEqual([0, []]);
  const opened = ({ registry }: typeof first) => exportRegistry(registry, { unseal: vault.unseal, withSecrets: true });
  expect(opened(again)).toBe(opened(first));
});

test('a device connects with the secret of the file, which is nowhere kept; importing it again keeps its hash', async () => {
  const secret = 'correct-horse-battery-staple';
  const file = `areas: [{ id: a, level: county, name: A }]
places: [{ id: p, areaId: a, kind: house, name: P }]
devices: [{ id: d, kind: call-button, placeId: p, secret: ${secret} }]`;
  const { run, registry, commands, printed } = running(file);
  await run('import', 'county.yaml');
  const credential = registry.device('d')?.credential;
  expect(checkSecret({ secret: Buffer.from(secret), credential, pepper: vault.pepper() })).toBe(true);
  expect(JSON.stringify(commands)).not.toContain(secret);
  await run('import', 'county.yaml');
  expect(registry.device('d')?.credential).toEqual(credential);
  expect(printed[1]).toBe('nothing to change: the registry already says so\n');
});

test('a large import goes in small parts, and is true at the end alone', async () => {
  const places = Array.from({ length: 1000 }, (_, at) => `  - { id: p${at}, areaId: a, kind: house, name: P }`);
  const file = `areas: [{ id: a, level: county, name: A }]\nplaces:\n${places.join('\n')}`;
  const { run, registry, commands } = running(file);
  expect(await run('import', 'county.yaml')).toBe(0);
  expect(commands.map(({ type }) => type)).toEqual([...Array(6).fill('registry-part'), 'registry-commit']);
  expect(registry.place('p999')).toBeDefined();
  expect(await run('export')).toBe(0);

  const cut = running(file, { dies: true });
  expect(await cut.run('import', 'county.yaml')).toBe(69);
  expect(cut.complaints[0]).toContain('run the command again');
  expect(contentsOf(cut.registry).flat()).toEqual([]);
});

test('problems are named by file and line, and nothing is sent', async () => {
  const { run, complaints, commands } = running('devices:\n  - { id: d, kind: wearable, personId: nobody }\n');
  expect(await run('import', 'county.yaml')).toBe(1);
  const problem = 'county.yaml:2: device d: there is no person "nobody"; add it, or correct the id';
  expect(complaints).toEqual([problem, '1 problem; nothing was changed']);
  expect(commands).toEqual([]);
});

test('what somebody else took away meanwhile is refused at the commit', async () => {
  const { run, registry, complaints } = running('devices: [{ id: d, kind: call-button, placeId: room-2 }]');
  registry.apply(smallCounty);
  const stage = registry.stage;
  registry.stage = (...part) => {
    registry.apply([{ type: 'remove', entity: 'place', id: 'room-2' }]);
    return stage(...part);
  };
  expect(await run('import', 'county.yaml')).toBe(1);
  expect(complaints[0]).toContain('device "d": there is no place "room-2"');
});

test('wrong usage and a missing file have codes of their own', async () => {
  const { run, complaints } = running();
  for (const argv of [[], ['import'], ['import', 'a', 'b'], ['export', 'a'], ['erase'], ['export', '--all']]) {
    expect(await run(...argv)).toBe(64);
  }
  expect(complaints[0]).toContain('usage: npm run registry -- import FILE');
  expect(await run('import', 'elsewhere.yaml')).toBe(66);
});

test('whatever a contact is called, an export and its import keep it', async () => {
  const words = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }),
    fc.constantFrom(
      'null',
      '~',
      'true',
      '007',
      '1e3',
      '- a',
      '{x}',
      '*a',
      'yes',
      ' lead',
      'trail ',
      '萨仁: 奶奶',
      "it's #1",
      'a\nb',
    ),
  );
  const base = smallCounty.filter(({ entity }) => entity === 'area');
  await fc.assert(
    fc.asyncProperty(words, words, fc.boolean(), async (name, areaName, withSecrets) => {
      const first = running();
      const of = { type: 'area', id: 'east' };
      const url = 'https://example.org/x';
      const channels = [{ type: 'webhook', url, secret: `whsec_${'B'.repeat(40)}` }];
      const contact = put('contact', { id: 'c', of, role: 'station', name, channels });
      const changes: RegistryChange[] = [...base, put('area', { id: 'x', level: 'county', name: areaName }), contact];
      first.registry.apply(sealChanges(changes, { vault, current: first.registry }));
      const text = exportRegistry(first.registry, { unseal: vault.unseal, withSecrets });
      const again = running(text);
      expect([await again.run('import', 'county.yaml'), again.complaints]).toEqual([0, []]);
      const { id, ...opened } = again.registry.contact('c') as Contact;
      expect(id).toBe('c');
      expect(vault.unseal('contact:c', 'name', opened.name as { sealed: string })).toBe(name);
      expect(again.registry.area('x')?.name).toBe(areaName);
    }),
    { seed: 20261122, numRuns: 60 },
  );
});

test('nobody leaves by a file in the middle of their own emergency, and nothing else of that file is done', async () => {
  const { run, registry, complaints } = running(
    'areas: [{ id: north, level: county, name: North }]\nremove: { people: [him], contacts: [son] }\n',
    { inEmergency: 'him' },
  );
  registry.apply(smallCounty);
  expect(await run('import', 'county.yaml')).toBe(1);
  expect(complaints.join(' ')).toContain('person him: incident 7K4M is critical, theirs, and not over');
  expect([registry.get('area', 'north'), registry.person('him')?.id]).toEqual([undefined, 'him']);
});
