import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restoredFile, restoredText } from '../app/backup/restored-mark.ts';
import { type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, registerVillage } from '../bench/village.ts';
import type { Incident } from '../records/incident.ts';
import { allRules } from '../rules/all-rules.ts';
import { County, openCounty } from '../simulators/virtual-county.ts';
import { SimulatedDisk } from '../simulators/world/simulated-disk.ts';
import { machineForEachTest } from './own-machine.test-support.ts';
import { press, printedAccount, publish, signIn, webhookSecret } from './running-system.test-support.ts';

// Case 32 with the release before itself, as far as the clone has its history; upgrade.test.ts has what it left behind.
const releaseBefore = '1dc9e2d2794fe80e8b3527bfd3a51d12d4d1e554';
const root = join(import.meta.dirname, '..');
const isKnown = spawnSync('git', ['cat-file', '-e', `${releaseBefore}^{commit}`], { cwd: root }).status === 0;

const machine = machineForEachTest('way-back');
const { inFolder, toldOf } = machine;

let before = '';
let removeBefore = () => {};
beforeAll(() => {
  if (!isKnown) return;
  const unpacked = temporaryFolder('release-before');
  before = unpacked.folder;
  removeBefore = unpacked.remove;
  const packed = execFileSync('git', ['archive', releaseBefore], { cwd: root, maxBuffer: 100_000_000 });
  execFileSync('tar', ['-x', '-C', before], { input: packed });
  symlinkSync(join(root, 'node_modules'), join(before, 'node_modules'));
});
afterAll(() => removeBefore());

async function goOn(release: string): Promise<System> {
  await machine.system?.stop();
  const started = await startSystem({ dataFolder: inFolder('data'), release });
  machine.system = started;
  await until('the alarm process', () => started.control.ask('health', {}));
  return started;
}

async function helpIsCalledTo(running: System, home: number): Promise<void> {
  await until('the broker', () => press(running, home * 4 + 3));
  await until('the station', async () => toldOf(home).length > 0, 10_000);
}
const idsOf = (home: number) => toldOf(home).map(({ id }) => id);

test.skipIf(!isKnown)(
  'an upgrade and a way back in the middle of calls for help, a suspicion and a ladder: all of them go on',
  async () => {
    const old = await goOn(before);
    await registerVillage(old, 40, { url: machine.receiver.url, secret: webhookSecret });
    const account = await until('the account', async () => printedAccount(old.output()));
    await helpIsCalledTo(old, 3);
    const watch = deviceId(5 * 4 + 2);
    await publish(old, { id: watch, topic: 'fall', payload: '{"v":1,"boot":1,"seq":1,"age":0,"state":"suspected"}' });

    const now = await goOn(root);
    const desk = await until('the page', () => signIn(now, account));
    const open = await until('the call of before', async () =>
      (await desk.incidents()).find(({ category }) => category === 'call'),
    );
    expect(open.state.phase).toBe('open');
    await until('the fall that was only suspected', async () => toldOf(5).length > 0, 70_000);
    await helpIsCalledTo(now, 6);
    const claimed = await desk.ask('POST', `/incidents/${encodeURIComponent(open.incidentId)}/claim`, {
      commandId: 'claimed-here',
      expectedVersion: open.version,
    });
    expect(claimed.status).toBe(200);
    const messages = machine.receiver.arrivals.length;

    const back = await goOn(before);
    // Nobody hears anything again that they heard; the ladders go on at their own time.
    await helpIsCalledTo(back, 7);
    const again = [3, 5, 6].flatMap(idsOf);
    expect(new Set(again).size).toBe(again.length);
    expect(machine.receiver.arrivals.length).toBeGreaterThan(messages);
    expect(back.output()).not.toContain('this version would have decided otherwise');
    // A password that the newer release has hashed its own way is made anew.
    const said = execFileSync(process.execPath, [join(before, 'app/accounts-cli.ts'), 'reset', account.account], {
      env: { PATH: process.env.PATH, STEPPEWATCH_DATA: inFolder('data') },
    });
    const page = await until('the page of before', () => signIn(back, printedAccount(said.toString())));
    const seen = await page.incidents();
    const places = seen.map(({ where }) => where.deviceId);
    expect(places).toEqual(expect.arrayContaining([3, 6, 7].map((home) => deviceId(home * 4 + 3))));
    expect(seen.find(({ incidentId }) => incidentId === open.incidentId)?.state.phase).not.toBe('resolved');
    // History waits for a database of that time, and says so.
    await until('word about the database', async () => back.output().includes('were made by another release'));
  },
  240_000,
);

const startAt = Date.parse('2026-11-22T20:00:00Z');

/**
 * A county of this release that was put back after four hours: of three calls for help one is held, one was dropped, one was sent and climbs; and
 * things were asked that the release before has no words for. Its files are left in a folder.
 */
async function leaveBehind(folder: string): Promise<{ open: Incident[]; stoppedAt: number }> {
  const registryText = readFileSync(join(root, 'scenarios/county.yaml'), 'utf8');
  const disk = new SimulatedDisk();
  const lost = await openCounty({ startAt, seed: 7, registryText, disk });
  for (const [device, deed] of [
    ['sarna-kitchen', 'alarm'],
    ['tuya-button', 'emergency'],
    ['bator-watch', 'fall'],
  ] as const)
    lost.does(device, deed);
  await lost.clock.advance(100_000);
  lost.kill();
  await disk.open(lost).writeWhole(restoredFile, Buffer.from(restoredText({ takenAt: startAt })));
  const county = new County({ startAt: startAt + 4 * 3_600_000, seed: 8, rules: allRules, disk });
  await county.start();
  await county.clock.advance(5_000);
  const by = { type: 'account', id: 'li' } as const;
  const held = [...county.alarm.incidents.openIncidents()].filter(({ ladder }) => ladder.phase === 'held');
  const answers = (['drop', 'send'] as const).map((choice, index) => {
    const { incidentId = '', version: expectedVersion = 0 } = held[index] ?? {};
    return { type: 'let-go', choice, commandId: `let-go-${choice}`, by, incidentId, expectedVersion } as const;
  });
  const of = { type: 'person', id: 'p-tuya' } as const;
  const looked = { type: 'look', commandId: 'looked-01', by, of, how: 'shown' } as const;
  const seen = { visitedAt: startAt, why: 'round', result: 'well' } as const;
  for (const command of [
    ...answers,
    looked,
    { type: 'visit', commandId: 'visited-1', by, householdId: 'tuya', ...seen } as const,
  ]) {
    const answer = county.send(command);
    await county.clock.advance(1_000);
    expect(await answer).toMatchObject({ ok: true });
  }
  await county.clock.advance(20_000);
  const open = [...county.alarm.incidents.openIncidents()];
  await county.stop();
  const files = disk.open(county);
  for (const part of ['journal', 'checkpoints/alarm']) {
    for (const { name, bytes } of await files.list(part)) {
      mkdirSync(join(folder, part), { recursive: true });
      writeFileSync(join(folder, part, name), await files.read(`${part}/${name}`, 0, bytes));
    }
  }
  return { open, stoppedAt: county.clock.now() };
}

/** What the release before says of such a folder, with the state that lies in it and without. */
const lookBack = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { allRules } from './rules/all-rules.ts';
  import { County } from './simulators/virtual-county.ts';
  import { SimulatedDisk } from './simulators/world/simulated-disk.ts';
  const [folder, startAt] = [process.argv[2], Number(process.argv[3])];
  const seen = [];
  for (const parts of [['journal', 'checkpoints/alarm'], ['journal']]) {
    const disk = new SimulatedDisk();
    const county = new County({ startAt, seed: 9, rules: allRules, disk });
    for (const part of parts)
      for (const name of readdirSync(folder + '/' + part))
        await disk.open(county).writeWhole(part + '/' + name, readFileSync(folder + '/' + part + '/' + name));
    await county.start();
    await county.clock.advance(3_000);
    const told = county.delivered.map(({ to }) => to);
    seen.push({ open: [...county.alarm.incidents.openIncidents()], told, complaints: county.complaints });
  }
  console.log(JSON.stringify(seen));
`;

test.skipIf(!isKnown)(
  'what is held, what was dropped and what was sent is the same to the release before, and it tells nobody again',
  async () => {
    const folder = inFolder('left-behind');
    const { open, stoppedAt } = await leaveBehind(folder);
    expect(open.map(({ ladder }) => ladder.phase).sort()).toEqual(['held', 'held', 'running', 'running']);
    writeFileSync(join(before, 'look-back.ts'), lookBack);
    const said = execFileSync(process.execPath, ['look-back.ts', folder, String(stoppedAt + 5_000)], { cwd: before });
    const [withState, withoutState] = JSON.parse(said.toString()) as {
      open: Incident[];
      told: string[];
      complaints: string[];
    }[];
    expect(withState).toEqual({ open, told: [], complaints: [] });
    expect(withoutState).toMatchObject({ open, told: [] });
    // History's word counts where it would have decided otherwise.
    expect(withoutState?.complaints.every((one) => one.includes('history is kept'))).toBe(true);
  },
  60_000,
);
