import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECOND_MS, testClock } from '../../home.test-support.ts';
import { AtLine, type Unasked } from './at-line.ts';

/** A conversation whose other side is the test. */
function conversation() {
  const clock = testClock();
  const written: string[] = [];
  const unasked: Unasked[] = [];
  const ends: string[] = [];
  let hear = (_bytes: Buffer) => {};
  const at = new AtLine({
    clock,
    port: {
      write: (text) => void written.push(text),
      listen: ({ onBytes }) => {
        hear = onBytes;
      },
      close: () => {},
    },
    onUnasked: (one) => unasked.push(one),
    onEnd: (why) => ends.push(why),
  });
  return { at, clock, written, unasked, ends, say: (text: string) => hear(Buffer.from(text, 'latin1')) };
}

test('what comes unasked in the middle of an answer is no part of it', async () => {
  const { at, say, unasked } = conversation();
  const answer = at.command('AT+CLCC');
  say('\r\n+CLCC: 1,0,3,0,0\r\nRING\r\n\r\n+CMTI: "SM",4\r\n+CDS: 5\r\n00AB\r\nNO CARRIER\r\n\r\nOK\r\n');
  expect(await answer).toEqual({ ok: true, lines: ['+CLCC: 1,0,3,0,0'] });
  expect(unasked).toEqual([
    { line: 'RING' },
    { line: '+CMTI: "SM",4' },
    { line: '+CDS: 5', pdu: '00AB' },
    { line: 'NO CARRIER' },
  ]);
});

test('a call that does not get through is the answer to dialling', async () => {
  const { at, say, unasked } = conversation();
  const dialled = at.command('ATD13800001111;');
  say('\r\nBUSY\r\n');
  expect(await dialled).toEqual({ ok: false, error: 'BUSY' });
  expect(unasked).toEqual([]);
});

test('where noise ate a message that was announced, the answer behind it is heard', async () => {
  const { at, say, unasked } = conversation();
  const answer = at.command('AT');
  say('+CDS: 25\r\n\xff\xfe\r\n+CMT: ,20\r\nOK\r\n');
  expect(await answer).toMatchObject({ ok: true });
  expect(unasked).toEqual([]);
});

test('a message is written behind the prompt and not before, in whatever pieces the prompt comes', async () => {
  const { at, say, written } = conversation();
  const sent = at.command('AT+CMGS=9', { payload: '00AA' });
  say('\r');
  say('\n');
  expect(written).toEqual(['AT+CMGS=9\r']);
  say('>');
  say(' \r\n+CMGS: 7\r\n\r\nOK\r\n');
  expect(written).toEqual(['AT+CMGS=9\r', '00AA\x1a']);
  expect(await sent).toMatchObject({ ok: true, lines: expect.arrayContaining(['+CMGS: 7']) });
});

test('a modem that says nothing is started anew, and what waited has failed', async () => {
  const { at, clock, written, ends } = conversation();
  const all = [at.command('AT+CSQ'), at.command('AT')];
  await clock.advance(6 * SECOND_MS);
  const failed = { ok: false, error: 'no answer to AT+CSQ' };
  expect(await Promise.all([...all, at.command('AT')])).toEqual([failed, failed, failed]);
  expect(written).toEqual(['AT+CSQ\r', '\x1b\rAT+CFUN=1,1\r']);
  expect(ends).toEqual(['no answer to AT+CSQ']);
});

test('whatever a line says, in whatever pieces, commands are answered in their order', async () => {
  const said = fc.array(
    fc.constantFrom(
      ...['OK\r\n', '\r\nERROR\r\n', '> ', 'RING\r\n', '+CDS: 5\r\n', '+CMT: ,1\r\n00', '\r', '\n'],
      ...['+CREG: 0,1\r\n', '\x00\xff', 'x'.repeat(3_000), 'NO CARRIER\r\n'],
    ),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(said, async (pieces) => {
      const { at, say, written } = conversation();
      const order: string[] = [];
      const all = ['AT', 'ATE0', 'AT+CSQ'].map((command) => at.command(command).then(() => order.push(command)));
      for (const piece of pieces) say(piece);
      for (let rest = 0; rest < 5; rest++) say('\r\nOK\r\n');
      await Promise.all(all);
      expect(order).toEqual(['AT', 'ATE0', 'AT+CSQ']);
      expect(written).toEqual(['AT\r', 'ATE0\r', 'AT+CSQ\r']);
    }),
    { seed: 4, numRuns: 300 },
  );
});
