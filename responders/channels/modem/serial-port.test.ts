import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openPseudoTerminal } from '../../../simulators/pseudo-terminal.ts';
import { openSerialPort, type SerialPort } from './serial-port.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function terminal() {
  const opened = await openPseudoTerminal();
  ending.push(opened.close);
  return opened;
}
const openFiles = () => readdirSync('/proc/self/fd').length;
const ended = (port: SerialPort, onBytes: (bytes: Buffer) => void = () => {}) =>
  new Promise<string>((resolve) => port.listen({ onBytes, onEnd: resolve }));

test('every octet passes both ways as it is, also those that end things elsewhere', async () => {
  const far = await terminal();
  const port = await openSerialPort(far.path, 115_200);
  const all = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString('latin1');
  let here = '';
  let there = '';
  far.onText((text) => {
    there += text;
  });
  const end = ended(port, (bytes) => {
    here += bytes.toString('latin1');
  });
  far.write(all);
  port.write(all);
  await vi.waitUntil(() => here.length >= 256 && there.length >= 256, { timeout: 10_000 });
  expect([here === all, there === all]).toEqual([true, true]);
  port.close();
  expect(await end).toBe('the line is gone');
});

test('a line that was opened and closed ten times holds nothing', async () => {
  const far = await terminal();
  const cycle = async () => {
    const port = await openSerialPort(far.path, 9_600);
    const end = ended(port);
    port.close();
    await end;
  };
  await cycle();
  const before = openFiles();
  for (let time = 0; time < 10; time++) await cycle();
  expect(openFiles()).toBe(before);
});

test('a device that is not there, and a file that is no line, are told from a line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-port-'));
  ending.push(() => rmSync(folder, { recursive: true }));
  const before = openFiles();
  await expect(openSerialPort(join(folder, 'nothing'), 9_600)).rejects.toThrow(/No such file/);
  writeFileSync(join(folder, 'file'), 'text');
  await expect(openSerialPort(join(folder, 'file'), 9_600)).rejects.toThrow(/Inappropriate ioctl/);
  expect(openFiles()).toBe(before);
});

test('a device that goes away ends the line', async () => {
  const far = await terminal();
  const end = ended(await openSerialPort(far.path, 9_600));
  await far.close();
  expect(await end).toBe('the line is gone');
});
