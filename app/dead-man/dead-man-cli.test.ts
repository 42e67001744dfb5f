import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { SimulatedModem } from '../../simulators/modem.ts';
import { openPseudoTerminal } from '../../simulators/pseudo-terminal.ts';
import { openDeadMan } from './dead-man-cli.ts';
import { type DeadManSettings, readDeadManSettings } from './dead-man-settings.ts';

const path = 'a-path-that-nobody-can-guess-1';
const phones = ['13800001111', '13800002222'];

/** The second machine with a modem on a real pseudo-terminal, on the real clock. */
async function secondMachine(changes: Partial<DeadManSettings> = {}) {
  const terminal = await openPseudoTerminal();
  onTestFinished(() => terminal.close());
  const modem = new SimulatedModem(terminal, { world: { calls: 'picked-up' } });
  const settings: DeadManSettings = {
    ...{ name: 'Wuli', language: 'en', listen: { host: '127.0.0.1', port: 0 }, path, minutes: 60 },
    ...{ modem: { port: terminal.path, baud: 115_200 }, ringSeconds: 5, phones, ...changes },
  };
  const deadMan = await openDeadMan(settings, { clock: systemClock, log: silentLog, died });
  onTestFinished(() => deadMan.close());
  return { deadMan, modem };
}

const died = (error: unknown) => expect.fail(String(error));

/** What stands in the messages that the modem sent, and to whom. */
const texts = ({ sent }: SimulatedModem) => sent.map((one) => JSON.stringify(one));

test('a text can be tried, and goes to every telephone of the file', { timeout: 20_000 }, async () => {
  const { deadMan, modem } = await secondMachine();
  expect(await deadMan.ready()).toBe(true);
  expect(await deadMan.say('a test')).toBe(true);
  expect(modem.sent).toHaveLength(2);
  for (const [at, phone] of phones.entries()) expect(texts(modem)[at]).toContain(phone);
});

test('when nothing comes, every telephone gets a text and rings; a ping from whoever knows the path is told, too', {
  timeout: 30_000,
}, async () => {
  const { deadMan, modem } = await secondMachine({ minutes: 0.03 });
  expect(await deadMan.ready()).toBe(true);
  const door = await deadMan.begin();
  onTestFinished(() => door.close());
  const at = `http://127.0.0.1:${door.address.port}`;
  await vi.waitFor(() => expect(modem.dialled).toHaveLength(2), { timeout: 15_000, interval: 50 });
  expect(modem.sent).toHaveLength(2);
  expect((await fetch(`${at}/a-path-that-somebody-guessed`)).status).toBe(404);
  expect(door.isCalling()).toBe(true);
  expect((await fetch(`${at}/${path}`, { method: 'POST', body: '{"well":true}' })).status).toBe(200);
  expect(door.isCalling()).toBe(false);
  await vi.waitFor(() => expect(modem.sent.length).toBeGreaterThanOrEqual(4), { timeout: 15_000, interval: 50 });
  expect(texts(modem)[2]).toMatch(/heard again/);
});

function settingsFrom(yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-dead-man-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'dead-man.yaml');
  writeFileSync(file, yaml);
  return () => readDeadManSettings(file);
}
const right = `path: ${path}\nmodem: { port: /dev/serial/by-id/usb-1 }\nphones: ['13800001111']\n`;

test('a file with no more than it needs is enough', () => {
  expect(settingsFrom(right)()).toMatchObject({
    ...{ minutes: 5, listen: { host: '127.0.0.1', port: 8092 }, language: 'zh-CN', ringSeconds: 25 },
  });
});

test('a guessable path, the number of the fire service and an open listener are refused, each with what would be right', () => {
  expect(settingsFrom(right.replace(path, 'ping'))).toThrow(/path: is 24-128/);
  expect(settingsFrom(right.replace('13800001111', '119'))).toThrow(/phones.0: a number that may be dialled/);
  expect(settingsFrom(`${right}listen: { host: 0.0.0.0 }\n`)).toThrow(/put a proxy with TLS/);
  expect(settingsFrom(`${right}minute: 3\n`)).toThrow(/the file: .*minute/);
});
