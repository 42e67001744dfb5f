import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, placeId, registerVillage } from '../bench/village.ts';
import { openJournalReader } from '../journal/reader.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../simulators/webhook-receiver.ts';
import { press, printedAccount, publish, query, run, signIn, webhookSecret } from './running-system.test-support.ts';

const temporary = temporaryFolder('damage');
const dataFolder = temporary.folder;
const segment = join(dataFolder, 'journal', '0000000000000001.segment');
const told = new Set<string>();
let receiver: WebhookReceiver;
let system: System;
let account: { account: string; password: string };
let whole: string[];

/** The buttons of three homes. */
const [before, after, last] = [3, 7, 11];
const reports = 40;

beforeAll(async () => {
  receiver = await startWebhookReceiver({
    secret: webhookSecret,
    onMessage: ({ data }) => {
      for (const place of data.placeIds) told.add(place);
    },
  });
  system = await startSystem({ dataFolder });
  await registerVillage(system, 12, { url: receiver.url, secret: webhookSecret });
  account = await until('the page', async () => printedAccount(system.output()));
  await press(system, before);
  for (let seq = 1; seq <= reports; seq++) {
    const payload = `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;
    await publish(system, { id: deviceId(0), topic: 'status', payload });
  }
  const copied = async () => (await query(dataFolder, 'select from report')).length === reports + 1;
  await until('the copy', copied);
  await system.stop();
  whole = await bodies();
});
afterAll(async () => {
  await system.killAll();
  await receiver.close();
  temporary.remove();
});

/** Every record of the journal, in hexadecimal. */
async function bodies(): Promise<string[]> {
  const disk = openDisk(dataFolder);
  const reader = await openJournalReader({ disk, clock: systemClock, log: silentLog });
  const found: string[] = [];
  while (found.length < reader.headSequence) {
    const batch = await reader.readBatch(found.length + 1, { maxRecords: 1_000, maxBytes: 1_000_000 });
    found.push(...batch.map(({ body }) => Buffer.from(body).toString('hex')));
  }
  reader.close();
  await disk.close();
  return found;
}

/** A report from the middle of the journal. */
const lostReport = Buffer.from('"seq":20,');
const lostRecord = () => whole.findIndex((body) => body.includes(lostReport.toString('hex'))) + 1;

/** As a failing disk does it. */
function turnBit(at: number): void {
  const bytes = readFileSync(segment);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(segment, bytes);
}

test('a journal that is damaged in its middle ends everything with a reason, and is not started again', async () => {
  turnBit(readFileSync(segment).indexOf(lostReport));
  system = await startSystem({ dataFolder });
  await until('the end', async () => system.process.exitCode !== null, 15_000);
  expect(system.process.exitCode).toBe(65);
  expect(system.output()).toMatch(
    /journal segment journal\/\d+\.segment is damaged at byte \d+: see docs\/operation\.md/,
  );
  expect(system.output()).not.toContain('started again');
  await system.killAll();
});

test('the repair names what is lost, keeps the rest in its place, and tells people at the next start', async () => {
  const repaired = await run('app/cli/journal-cli.ts', ['repair'], { STEPPEWATCH_DATA: dataFolder });
  const lost = lostRecord();
  expect(repaired).toMatchObject({ code: 0, complaints: '' });
  expect(repaired.output).toContain(`journal/0000000000000001.segment: record ${lost} is lost\n`);
  expect(existsSync(`${segment}.damaged`)).toBe(true);
  const left = await bodies();
  expect(left.slice(0, whole.length)).toEqual(whole.with(lost - 1, ''));

  // Without their checkpoints the followers of both processes go through the whole of it.
  rmSync(join(dataFolder, 'checkpoints'), { recursive: true });
  system = await startSystem({ dataFolder });
  const desk = await until('the page', () => signIn(system, account));
  const incidents = await until('the loss on the page', async () => {
    const cards = await desk.incidents();
    return cards.some(({ category }) => category === 'system') && cards;
  });
  expect(incidents.map(({ category, severity }) => `${severity} ${category}`).sort()).toEqual([
    'critical call',
    'critical system',
  ]);
  const loss = incidents.find(({ category }) => category === 'system');
  expect(loss?.alerts[0]?.reason).toMatchObject({ error: expect.stringContaining(`record ${lost} is lost`) });
  await press(system, after);
  await until('the neighbour', async () => told.has(placeId(after)));
  // What was copied before is there once; that it is no longer in the journal changes nothing.
  const copied = async () => (await query(dataFolder, 'select from report')).length === reports + 2;
  await until('the copy', copied);
  const alerts = async () => (await query(dataFolder, 'select from alert where cleared_at is null')).length === 3;
  await until('the alerts in the copy', alerts);
  await system.stop();
  expect(await run('app/cli/journal-cli.ts', ['repair'], { STEPPEWATCH_DATA: dataFolder })).toMatchObject({
    ...{ code: 0, output: 'nothing is missing\n' },
  });
});

test('a journal that lost an end which the state already has is not written on, and the repair is the way out', async () => {
  const head = (await bodies()).length;
  turnBit(statSync(segment).size - 5);
  system = await startSystem({ dataFolder });
  await until('the end', async () => system.process.exitCode !== null, 15_000);
  expect(system.process.exitCode).toBe(65);
  expect(system.output()).toContain('is not in this journal: this journal ends at');
  expect(system.output()).not.toContain('started again');
  await system.killAll();

  const repaired = await run('app/cli/journal-cli.ts', ['repair'], { STEPPEWATCH_DATA: dataFolder });
  expect(repaired).toMatchObject({ code: 0, complaints: expect.not.stringContaining('steppewatch:') });
  expect(repaired.output).toMatch(new RegExp(`records? (\\d+ to )?${head} (is|are) lost`));
  system = await startSystem({ dataFolder });
  await until('the broker', () => press(system, last));
  await until('the neighbour', async () => told.has(placeId(last)));
});
