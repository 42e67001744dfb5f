import decodeQR from 'qr/decode.js';
import { expect, test } from 'vitest';
import { readSheet } from '../../api/registry/sheets/csv.ts';
import { alarmAway } from '../../platform/errors.ts';
import { systemChance } from '../../platform/random.ts';
import { type Command, type CommandResult, command as commandSchema } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import { carryOut, isRegistryCommand } from '../../records/registry-commands.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { deviceKeys } from '../device-keys.ts';
import { ownKeys } from './own-keys.test-support.ts';
import { runRegistryCli } from './registry-cli.ts';
import { registryPage } from './registry-pages.ts';

const { vault } = await ownKeys();

type Fate = 'answers' | 'dies before the commit' | 'dies after the commit';

/** The process that owns the registry, as far as the command sees it, and a folder of files. */
function running(list: string | Uint8Array) {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const files = new Map<string, Uint8Array>([['list.csv', Buffer.from(list as string)]]);
  const [printed, complaints, commands]: [string[], string[], Command[]] = [[], [], []];
  const world = { fate: 'answers' as Fate };
  const command = async (sent: Command): Promise<CommandResult> => {
    const asked = commandSchema.parse(sent);
    commands.push(asked);
    if (!isRegistryCommand(asked)) throw new Error(`the registry does not know ${asked.type}`);
    const isCommit = asked.type === 'registry-commit';
    if (isCommit && world.fate === 'dies before the commit') throw alarmAway({});
    const { result } = carryOut(registry, asked);
    if (isCommit && world.fate === 'dies after the commit') throw alarmAway({});
    return result;
  };
  const unused = async () => expect.unreachable();
  const run = (...argv: string[]) =>
    runRegistryCli({
      argv: argv[0] === 'labels' ? argv : ['provision', ...argv],
      system: { command, page: async (request) => registryPage(registry, request), whyNotErased: unused },
      openKeys: async () => vault,
      chance: systemChance,
      ...{ readText: unused, writeText: unused },
      files: {
        read: async (path) => files.get(path) ?? Promise.reject(new Error('no such file')),
        async create(path, text) {
          if (files.has(path)) throw new Error('EEXIST: file already exists');
          files.set(path, Buffer.from(text));
        },
        remove: async (path) => void files.delete(path),
      },
      print: (text) => printed.push(text),
      complain: (text) => complaints.push(...text.split('\n')),
    });
  const written = (path = 'list.secrets.csv') => {
    const bytes = files.get(path);
    return bytes && readSheet(bytes).rows.map(({ cells }) => cells);
  };
  return {
    ...{ registry, files, printed, complaints, commands, world, run, written },
    keys: deviceKeys({ pepper: vault.pepper(), chance: systemChance }),
  };
}

const two = 'IMEI,kind\n860000000000017,smoke-detector\n860000000000025,call-button\n';

test('a list from the factory: each device gets a secret and a code, which are in one file and nowhere else', async () => {
  const { run, registry, written, printed, complaints, commands, keys } = running(two);
  expect([await run('list.csv'), complaints]).toEqual([0, []]);
  const [headings, ...rows] = written() ?? [];
  expect(headings).toEqual([
    'device id',
    'kind',
    'place id',
    'person id',
    'room',
    'interval minutes',
    'secret',
    'claim code',
    'label',
    'psk',
  ]);
  expect(rows).toHaveLength(2);
  for (const [id = '', , , , , , secret = '', code = '', label = '', psk = ''] of rows) {
    const device = registry.device(id);
    expect(keys.isSecret(secret, device?.credential)).toBe(true);
    expect(keys.isCode(id, code, device?.claim)).toBe(true);
    expect(label).toBe(`steppewatch:claim/${id}/${code}`);
    expect(psk).toBe(device?.credential && keys.presharedKey(id, device.credential));
    for (const text of [secret, code, code.replaceAll('-', ''), psk])
      expect([...printed, JSON.stringify(commands)].join()).not.toContain(text);
  }
  expect(new Set(rows.map((cells) => cells[6])).size).toBe(2);
  expect(printed).toEqual([expect.stringContaining('devices: 2 added, 0 with a new secret')]);
});

test('homes, rooms and intervals of the list, with Chinese headings as Excel saves them, and a secret from the maker', async () => {
  const secret = 'made-by-the-maker-012345';
  const text = `\ufeff设备编号,设备类型,地点编号,人员编号,房间,上报间隔（分钟）,密钥\r\n860000000000017,烟感,house-1,,"北屋, 炕边",720,\r\nwatch-9,手环,,widow,,60,${secret}\r\n`;
  const { run, registry, complaints, written, keys } = running(text);
  expect([await run('list.csv', '--out', 'mine.csv'), complaints]).toEqual([0, []]);
  expect(registry.device('860000000000017')).toMatchObject({
    ...{ kind: 'smoke-detector', placeId: 'house-1', room: '北屋, 炕边', intervalMinutes: 720 },
  });
  expect(registry.device('860000000000017')).not.toHaveProperty('claim');
  const watch = registry.device('watch-9');
  expect(watch).toMatchObject({ kind: 'wearable', personId: 'widow', intervalMinutes: 60 });
  expect(keys.isSecret(secret, watch?.credential)).toBe(true);
  expect(written('mine.csv')?.[2]).toEqual([
    'watch-9',
    'wearable',
    '',
    'widow',
    '',
    '60',
    secret,
    '',
    '',
    expect.stringMatching(/^[0-9a-f]{64}$/),
  ]);
});

test('every bad line is told with its number and what would be right, and nothing is done', async () => {
  const { run, registry, files, complaints, commands } =
    running(`device id,kind,place id,person id,room,interval,secret,claim code
860000000000017,smoke-detector,,,,,,
860000000000018,smoke-detector,,,,,,
8.6E+14,smoke-detector,,,,,,
86000000000001,smoke-detector,,,,,,
860000000000017,smoke-detector,,,,,,
,smoke-detector,,,,,,
a b,call-button,house-1,,,,,
c1,call-buton,house-1,,,,,
c2,call-button,nowhere,,,,,
c3,wearable,house-1,,,,,
c4,call-button,house-1,widow,,,,
c5,call-button,house-1,,,daily,,
c6,call-button,house-1,,,0,,
c7,call-button,house-1,,${'x'.repeat(41)},,,
c8,call-button,house-1,,,,short,
c9,call-button,,,,,,K7QM-2F9D
smoke-1,call-button,,,,,,
c10,call-button,house-1,,,,,,extra
`);
  expect(await run('list.csv')).toBe(1);
  const told = complaints.map((line) => line.replace('list.csv:', ''));
  expect(told).toEqual([
    expect.stringMatching(/^3: 860000000000018 is no IMEI: .* the last would be 7/),
    expect.stringMatching(/^4: 8\.6E\+14 .* format the column as text/),
    expect.stringMatching(/^5: .* has 14 digits/),
    expect.stringMatching(/^6: 860000000000017: is here a second time; the first is in line 2/),
    expect.stringMatching(/^7: has no device id/),
    expect.stringMatching(/^8: a b: id: an id is 1-32 letters/),
    expect.stringMatching(/^9: the kind is one of smoke-detector \(烟感\).*, not "call-buton"/),
    expect.stringMatching(/^10: c2: there is no place "nowhere"/),
    expect.stringMatching(/^11: c3: a wearable belongs to a person/),
    expect.stringMatching(/^12: c4: a call button belongs to a place or to a person/),
    expect.stringMatching(/^13: the interval is a number of minutes, not "daily"/),
    expect.stringMatching(/^14: c6: intervalMinutes is at least 1/),
    expect.stringMatching(/^15: c7: room has at most 40 characters/),
    expect.stringMatching(/^16: c8: a secret has at least 22 characters/),
    expect.stringMatching(/^17: c9: a code has 16 letters and digits, here are 8/),
    expect.stringMatching(/^18: smoke-1: is registered otherwise \(kind smoke-detector, here call-button\)/),
    expect.stringMatching(/^19: "extra" stands in a column without a name/),
    '17 problems; nothing was changed',
  ]);
  expect([...files.keys()]).toEqual(['list.csv']);
  expect(commands).toEqual([]);
  expect(registry.device('860000000000017')).toBeUndefined();
});

test('a list without the two columns that are needed, or with one that is misspelt, is told which there are', async () => {
  for (const [text, problem] of [
    ['', 'list.csv:1: the first line names the columns; "device id" and "kind" are needed'],
    ['IMEI\n860000000000017\n', 'list.csv:1: the first line names the columns; "device id" and "kind" are needed'],
    ['IMEI,kind,rom\n', 'list.csv:1: there is no column "rom"; these are: device id, kind'],
    ['IMEI,kind,id\n', 'list.csv:1: column "id" is here twice'],
  ] as const) {
    const { run, complaints } = running(text);
    expect(await run('list.csv')).toBe(1);
    expect(complaints[0]).toContain(problem);
  }
});

test('ids that are no IMEIs are taken when somebody says so', async () => {
  const { run, registry } = running('id,kind\n860000000000018,smoke-detector\n');
  expect(await run('list.csv', '--any-id')).toBe(0);
  expect(registry.device('860000000000018')).toBeDefined();
});

test('a second time each device is registered already; --rotate gives all of them new secrets, and stock new labels', async () => {
  const { run, registry, complaints, written, keys } = running(`${two}button-9,call-button\n`);
  await run('list.csv');
  const first = written() ?? [];
  expect(await run('list.csv', '--out', 'second.csv')).toBe(1);
  expect(complaints.slice(0, 2)).toEqual([
    'list.csv:2: 860000000000017: is registered already, in stock; with --rotate it gets a new secret in place of its own',
    expect.stringContaining('list.csv:3:'),
  ]);
  expect(written('second.csv')).toBeUndefined();
  expect(await run('list.csv', '--out', 'second.csv', '--rotate')).toBe(0);
  for (const [row, [id = '', , , , , , secret = '', code = '']] of (written('second.csv') ?? []).slice(1).entries()) {
    const device = registry.device(id);
    expect([keys.isSecret(secret, device?.credential), keys.isCode(id, code, device?.claim)]).toEqual([true, true]);
    const [, , , , , , oldSecret = '', oldCode = ''] = first[row + 1] ?? [];
    expect([keys.isSecret(oldSecret, device?.credential), keys.isCode(id, oldCode, device?.claim)]).toEqual([
      false,
      false,
    ]);
  }
});

test('a new secret for what hangs in a home leaves it there, with the label that was used', async () => {
  const { run, registry, complaints, written } = running('id,kind\nsmoke-1,smoke-detector\n');
  const used = { salt: 's', hmac: 'h', used: { at: 1, by: 'li' } };
  const before = registry.device('smoke-1');
  if (!before) throw new Error('the small county has no smoke-1');
  registry.apply([{ type: 'put', entity: 'device', value: { ...before, claim: used } }]);
  // It was registered by hand and has no secret yet: a first one takes nobody's place.
  expect([await run('list.csv'), complaints]).toEqual([0, []]);
  expect(registry.device('smoke-1')).toMatchObject({ placeId: 'house-1', room: 'kitchen', claim: used });
  expect(written()?.[1]?.slice(0, 5)).toEqual(['smoke-1', 'smoke-detector', 'house-1', '', 'kitchen']);
  expect(await run('list.csv', '--rotate', '--out', 'again.csv')).toBe(0);
  expect(registry.device('smoke-1')).toMatchObject({ placeId: 'house-1', claim: used });
});

test('a list that says otherwise than the registry where a device hangs moves nothing', async () => {
  const { run, registry, complaints } = running('id,kind,place\nsmoke-1,smoke-detector,house-2\n');
  expect(await run('list.csv', '--rotate')).toBe(1);
  expect(complaints[0]).toContain('placeId house-1, here house-2');
  expect(registry.device('smoke-1')?.placeId).toBe('house-1');
});

test.each<Fate>(['dies before the commit', 'dies after the commit'])(
  'when the system %s, the file that was written says it all again: once more, and everything is done with its secrets',
  async (fate) => {
    const { run, registry, complaints, printed, files, written, world, keys } = running(two);
    world.fate = fate;
    expect(await run('list.csv')).toBe(69);
    expect(complaints.join(' ')).toContain(
      '`provision list.secrets.csv` does what is left to do, with the same secrets',
    );
    world.fate = 'answers';
    expect(await run('list.secrets.csv')).toBe(0);
    expect(printed.join()).toContain(
      fate === 'dies after the commit' ? 'nothing to change\n2 were so already' : '2 added',
    );
    for (const [id = '', , , , , , secret = '', code = ''] of (written() ?? []).slice(1)) {
      const device = registry.device(id);
      expect([keys.isSecret(secret, device?.credential), keys.isCode(id, code, device?.claim)]).toEqual([true, true]);
    }
    expect([...files.keys()]).toEqual(['list.csv', 'list.secrets.csv']);
  },
);

test('what is refused at the commit leaves no file of secrets behind', async () => {
  const { run, registry, files, complaints } = running('id,kind,place\nb9,call-button,room-2\n');
  const stage = registry.stage;
  registry.stage = (...part) => {
    registry.apply([{ type: 'remove', entity: 'place', id: 'room-2' }]);
    return stage(...part);
  };
  expect(await run('list.csv')).toBe(1);
  expect(complaints).toEqual([expect.stringContaining('there is no place "room-2"'), 'nothing was changed']);
  expect([...files.keys()]).toEqual(['list.csv']);
});

test('a device that is claimed while its list is on the way stays where its installer put it, and nothing is done', async () => {
  const { run, registry, complaints, files } = running(two);
  await run('list.csv');
  const stage = registry.stage;
  registry.stage = (...part) => {
    const device = registry.device('860000000000017');
    const used = { at: 1, by: 'li' };
    if (device?.claim && !device.claim.used)
      registry.apply([
        { type: 'put', entity: 'device', value: { ...device, placeId: 'house-1', claim: { ...device.claim, used } } },
      ]);
    return stage(...part);
  };
  expect(await run('list.csv', '--rotate', '--out', 'second.csv')).toBe(1);
  expect(complaints[0]).toBe(
    'device "860000000000017": was changed by somebody else meanwhile; look again, and ask again',
  );
  expect(registry.device('860000000000017')?.placeId).toBe('house-1');
  expect(files.has('second.csv')).toBe(false);
});

test('a file of secrets never takes the place of another', async () => {
  const { run, files, complaints, commands } = running(two);
  files.set('list.secrets.csv', Buffer.from('precious'));
  expect(await run('list.csv')).toBe(73);
  expect(complaints[0]).toContain('--out FILE names another');
  expect(Buffer.from(files.get('list.secrets.csv') ?? []).toString()).toBe('precious');
  expect(commands).toEqual([]);
});

test('labels are printed from the file of secrets, without the system, into a file of their own', async () => {
  const { run, files, written, complaints, printed } = running(`${two}smoke-1,smoke-detector\n`);
  await run('list.csv');
  const codes = (written() ?? []).slice(1).map((cells) => cells[7] ?? '');
  expect(codes.filter((code) => code !== '')).toHaveLength(2);
  expect([await run('labels', 'list.secrets.csv'), complaints]).toEqual([0, []]);
  const page = Buffer.from(files.get('list.secrets.labels.html') ?? []).toString();
  expect(page.match(/<svg /g)).toHaveLength(2);
  expect(page).toContain(`860000000000017<b>${codes[0]?.slice(0, 10)}<br>${codes[0]?.slice(10)}</b>`);
  expect(readFromPicture(page)).toBe(written()?.[1]?.[8]);
  for (const [, , , , , , secret = ''] of written() ?? []) expect(page).not.toContain(secret);
  expect(printed.at(-1)).toContain('2 labels are in list.secrets.labels.html');
  expect(await run('labels', 'list.secrets.csv')).toBe(73);
  expect(await run('labels', 'list.csv', '--out', 'none.html')).toBe(1);
  expect(complaints.at(-1)).toBe('list.csv:1: there is no claim code in this file');
  expect(await run('labels', 'elsewhere.csv')).toBe(66);
});

test('labels are printed of ids and codes alone: what is mistyped, or could be anything, is named by its line', async () => {
  const rows = [
    'smoke-1,smoke-detector,K7QM-2F9D-XW3T-8BNE',
    '"<script src=//x>",smoke-detector,0000-0000-0000-0000',
    'smoke-2,smoke-detector,"<script>alert(1)</script>"',
  ];
  const { run, files, complaints } = running(`id,kind,claim code\n${rows.join('\n')}\n`);
  expect(await run('labels', 'list.csv')).toBe(1);
  expect(complaints.map((line) => line.slice(0, 11))).toEqual(['list.csv:2:', 'list.csv:3:', 'list.csv:4:']);
  expect(complaints[1]).toContain('an id is 1-32 letters');
  expect(files.has('list.labels.html')).toBe(false);
});

test('wrong usage and a missing list have codes of their own', async () => {
  const { run, complaints } = running(two);
  for (const argv of [[], ['a.csv', 'b.csv'], ['a.csv', '--with-secrets'], ['a.csv', '--rotated']])
    expect(await run(...argv)).toBe(64);
  expect(complaints.join()).toContain('provision LIST.csv [--out SECRETS.csv] [--rotate] [--any-id]');
  expect(await run('elsewhere.csv')).toBe(66);
});

/** What a camera reads off the first label: four pixels a module. */
function readFromPicture(page: string): string {
  const [, side = '', path = ''] = page.match(/viewBox="0 0 (\d+) \d+"><path d="([^"]+)"/) ?? [];
  const width = 4 * Number(side);
  const data = new Uint8Array(4 * width * width).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g))
    for (let dark = 0; dark < 16; dark++) {
      const pixel = (4 * Number(y) + (dark >> 2)) * width + 4 * Number(x) + (dark & 3);
      data.fill(0, 4 * pixel, 4 * pixel + 3);
    }
  return decodeQR({ width, height: width, data });
}
