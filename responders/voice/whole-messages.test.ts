import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { voiceLanguages } from '../../records/registry.ts';
import { templateNames } from '../texts/templates.ts';
import { samplesOf, waveOf } from './wave.ts';
import { wholeMessages } from './whole-messages.ts';

const spokenAs = (samples: number[]) => waveOf(Int16Array.from(samples));

test('a neighbour hears what happened, where to read whose home it is, and what to press, one after another', () => {
  const read = (file: URL) => (file.pathname.includes('placeholder') ? spokenAs([1, -2, 3]) : Buffer.alloc(0));
  const fire = wholeMessages('mn', { read }).messages.find(({ template }) => template === 'fire');
  expect(fire?.says).toMatch(/^Гал түймрийн дохио.*мессежээс уншина уу\..*9 дарна уу\.$/);
  const samples = [...(samplesOf(fire?.wave ?? Buffer.alloc(0)) ?? [])];
  const rest = Array.from({ length: 2_667 }, () => 0);
  expect(samples).toEqual([1, -2, 3, ...rest, 1, -2, 3, ...rest, 1, -2, 3]);
  expect(fire?.placeholders).toEqual(['say-fire', 'home-in-message', 'keys']);
});

test('whoever is told that it is over is not asked to press anything', () => {
  const of = (name: string) => wholeMessages('en').messages.find(({ template }) => template === name)?.says;
  expect(of('turn-back')).toBe('Please turn back, it is over. Thank you. Whose home it is stands in the message.');
  expect(of('are-you-well')).toBe('Are you well? Press 1 if you are well, 9 if you need help.');
  expect(of('drill')).toBe('This is a drill. Nobody is in danger.');
});

test('where whose home it is was recorded, that is heard instead, in every message that is about a home', () => {
  const homes = [{ placeId: 'p-well', file: new URL('file:///homes/p-well.wav') }];
  const read = ({ pathname }: URL) => spokenAs(pathname === '/homes/p-well.wav' ? [9, 9] : [1]);
  const { messages, problems } = wholeMessages('mn', { homes, read });
  expect(problems).toEqual([]);
  const fire = messages.find(({ template, home }) => template === 'fire' && home === 'p-well');
  expect(fire?.placeholders).toEqual(['say-fire', 'keys']);
  expect([...(samplesOf(fire?.wave ?? Buffer.alloc(0)) ?? [])].filter((sample) => sample !== 0)).toEqual([1, 9, 9, 1]);
  // The person is asked themselves, and knows where they live.
  expect(messages.filter(({ home }) => home).map(({ template }) => template)).not.toContain('are-you-well');
  expect(wholeMessages('mn', { homes, read: () => Buffer.alloc(0) }).problems).toContain(
    'home of p-well: is no WAV file of 8,000 samples a second, one channel and 16 bits',
  );
});

test('every language has every message', () => {
  for (const language of voiceLanguages) {
    const { messages, problems } = wholeMessages(language);
    expect(problems).toEqual([]);
    expect(messages.map(({ template }) => template)).toEqual(templateNames);
    for (const { wave } of messages) expect(samplesOf(wave)?.length).toBeGreaterThan(3_000);
  }
});

test('a recording of another form, and a file that is none, is named and joined to nothing', () => {
  const wave = spokenAs([1, 2, 3]);
  const wide = Buffer.from(wave);
  wide.writeUInt16LE(2, 22);
  const fast = Buffer.from(wave);
  fast.writeUInt32LE(16_000, 24);
  const cut = wave.subarray(0, 20);
  for (const file of [wide, fast, cut, Buffer.from('ID3'), Buffer.alloc(0)])
    expect(wholeMessages('en', { read: () => file }).problems).toContain(
      'say-fire: is no WAV file of 8,000 samples a second, one channel and 16 bits',
    );
});

test('what an editor writes beside the sound is not heard', () => {
  const wave = spokenAs([5, 6]);
  const note = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
  const edited = Buffer.concat([wave.subarray(0, 12), note, wave.subarray(12), note]);
  expect([...(samplesOf(edited) ?? [])]).toEqual([5, 6]);
});

test('an operator gets a folder of recordings to hand in, and is told how to ask for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-voice-'));
  const program = fileURLToPath(new URL('whole-messages.ts', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  try {
    const { status, stdout } = run('mn', join(folder, 'mn'));
    expect(status).toBe(0);
    expect(stdout).toContain('turn-back.wav: Буцна уу');
    expect(stdout).toContain('(a tone in the place of say-turn-back, home-in-message)');
    expect(readdirSync(join(folder, 'mn')).sort()).toEqual(templateNames.map((name) => `${name}.wav`).sort());
    expect(samplesOf(readFileSync(join(folder, 'mn', 'fire.wav')))?.length).toBeGreaterThan(12_000);
    mkdirSync(join(folder, 'homes'));
    writeFileSync(join(folder, 'homes', 'p-well.wav'), spokenAs([9, 9]));
    expect(run('mn', join(folder, 'mn'), join(folder, 'homes')).stdout).toContain('turn-back@p-well.wav: Буцна уу');
    expect(readdirSync(join(folder, 'mn'))).toContain('fire@p-well.wav');
    expect(run('fr', folder)).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('zh-CN|en|mn FOLDER [HOMES]'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
