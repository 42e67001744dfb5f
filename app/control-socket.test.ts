import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journalFull } from '../platform/errors.ts';
import { connectControl, controlSocketPath, serveControl } from './control-socket.ts';

test('a question is answered, and an error comes back as one', async () => {
  const { folder, door, control } = await open({
    double: (n: number) => n * 2,
    refuse: () => Promise.reject(new Error('not today')),
  });
  expect(await control.ask('double', 21)).toBe(42);
  await expect(control.ask('refuse', {})).rejects.toThrow('not today');
  expect(statSync(controlSocketPath(folder)).mode & 0o777).toBe(0o600);
  control.close();
  await door.close();
});

test('an error of the world keeps its code, and says whether to try again', async () => {
  const { door, control } = await open({ full: () => Promise.reject(journalFull({}, 4096)) });
  await expect(control.ask('full', {})).rejects.toMatchObject({ code: 'JOURNAL_FULL', retry: 'later', status: 503 });
  control.close();
  await door.close();
});

test('a large question arrives whole', async () => {
  const { door, control } = await open({ length: (text: string) => text.length });
  expect(await control.ask('length', '火'.repeat(500_000))).toBe(500_000);
  control.close();
  await door.close();
});

test('while nobody listens the answer is "try later", and afterwards it works again', async () => {
  const { folder, door, control } = await open({ ping: () => 'pong' });
  expect(await control.ask('ping', {})).toBe('pong');
  await door.close();
  await expect(control.ask('ping', {})).rejects.toMatchObject({ code: 'ALARM_AWAY', retry: 'later' });
  const again = await serveControl(folder, { ping: () => 'pong again' });
  expect(await control.ask('ping', {})).toBe('pong again');
  control.close();
  await again.close();
});

test('a data folder far down still gets a socket', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'steppewatch-control-')), 'd'.repeat(120));
  const door = await serveControl(folder, { ping: () => 'pong' });
  const control = connectControl(folder);
  expect(await control.ask('ping', {})).toBe('pong');
  control.close();
  await door.close();
});

async function open(questions: Parameters<typeof serveControl>[1]) {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-control-'));
  const door = await serveControl(folder, questions);
  return { folder, door, control: connectControl(folder, { patienceMs: 5_000 }) };
}
