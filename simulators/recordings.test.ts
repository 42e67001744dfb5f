import { expect, test } from 'vitest';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import { decodeReport } from '../firmware-contracts/decode.ts';
import type { Report } from '../firmware-contracts/report.ts';
import { casasEvents, motionWindow, type Trial } from './recordings.ts';

test('a line of the home recording is a word of one sensor at its time', () => {
  const text =
    '2011-06-15 01:03:39.14962 Bedroom Bedroom ON Sleep\n2011-06-15 01:04:00.5 OutsideDoor FrontDoor CLOSE Leave\n';
  expect(casasEvents(text)).toEqual([
    {
      deviceId: 'casas-Bedroom',
      room: 'Bedroom',
      at: Date.UTC(2011, 5, 15, 1, 3, 39, 149),
      name: 'presence',
      fields: { source: 'motion', state: 'on' },
    },
    {
      deviceId: 'casas-FrontDoor',
      room: 'OutsideDoor',
      at: Date.UTC(2011, 5, 15, 1, 4, 0, 500),
      name: 'presence',
      fields: { source: 'door', state: 'off' },
    },
  ]);
  expect(() => casasEvents('2011-06-15 01:03:39 Bedroom Bedroom MAYBE')).toThrow('line 1 is no event');
});

test('a window holds 2 s before the hardest moment and 6 s after it, in parts that know their time', () => {
  const parts = motionWindow(trial({ hz: 50, moments: 1_000, hardest: 400 }));
  expect(parts.map(({ t0, part, parts }) => ({ t0, part, parts }))).toEqual([
    { t0: -2000, part: 1, parts: 3 },
    { t0: 2000, part: 2, parts: 3 },
    { t0: 6000, part: 3, parts: 3 },
  ]);
  expect(parts[0]).toMatchObject({ rate: 50, range: 16, placement: 'waist' });
  const samples = parts.flatMap((one) => one.samples as number[]);
  expect(samples).toHaveLength(401 * 3);
  expect(samples[100 * 3]).toBe(9_000);
});

test('every part can be read by the contract, also when the recording was uneven or stepped back', () => {
  const even = trial({ hz: 50, moments: 300, hardest: 5 });
  const { hz: _, ...uneven } = trial({ hz: 50, moments: 300, hardest: 150 });
  const t = uneven.x.map((_, index) => index * 17 + (index % 7 === 0 ? -40 : 0));
  for (const fields of [...motionWindow(even), ...motionWindow({ ...uneven, t, place: 'wrist' })]) {
    const report = { name: 'motion', v: 1, boot: 1, seq: 1, age: 3.5, ...fields } as unknown as Report;
    const decoded = decodeReport({ report: 'motion', kind: 'wearable', payload: encodeReport(report, 'cbor') });
    expect(decoded).toMatchObject({ type: 'report', unread: [], report: fields });
  }
});

function trial({ hz, moments, hardest }: { hz: number; moments: number; hardest: number }): Trial {
  const x = Array.from({ length: moments }, (_, index) => (index === hardest ? 9 : 0.01));
  const still = x.map(() => 0);
  return { ds: 'test', id: 't1', subj: 'S1', place: 'waist', hz, x, y: still, z: x.map(() => 1) };
}
