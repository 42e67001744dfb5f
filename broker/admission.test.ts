import { expect, test } from 'vitest';
import { Admission, type Ticket } from './admission.ts';
import { stoppedClock } from './broker.test-support.ts';
import { type BrokerLimits, defaultLimits } from './limits.ts';

function admissionUnderTest(limits: Partial<BrokerLimits>) {
  const clock = stoppedClock();
  const admission = new Admission({ clock, limits: { ...defaultLimits, ...limits } });
  const enter = (address: string): Ticket => {
    const answer = admission.admit(address);
    if ('refused' in answer) throw new Error(answer.refused);
    return answer;
  };
  const admitted = (tries: number) =>
    Array.from({ length: tries }, () => admission.admit('many')).filter((one) => !('refused' in one)).length;
  return { clock, admission, enter, admitted };
}

test('strangers who say nothing fill their own places, not those of devices that are known', () => {
  const { enter } = admissionUnderTest({ connecting: 2, connectingPerAddress: 1 });
  const known = enter('a');
  known.established();
  enter('a');
  expect(() => enter('a')).toThrow('connecting');
  enter('b');
  expect(() => enter('c')).toThrow('connecting');
});

test('a stranger who stays silent gives way to the next, one who has just come does not', () => {
  const { admission, clock, enter } = admissionUnderTest({
    connecting: 2,
    connectingPerAddress: 2,
    connectGraceMs: 1000,
  });
  const cut: string[] = [];
  const slow = (name: string) => admission.admit('a', () => cut.push(name));
  slow('first');
  clock.advance(600);
  slow('second');
  expect(slow('third')).toEqual({ refused: 'connecting' });
  clock.advance(500);
  enter('b').established();
  expect(cut).toEqual(['first']);
  slow('fourth');
  expect(slow('fifth')).toEqual({ refused: 'connecting' });
  clock.advance(500);
  slow('sixth');
  expect(cut).toEqual(['first', 'second']);
});

test('a place is free again when its holder leaves, and is given back once', () => {
  const { enter } = admissionUnderTest({ connecting: 1, connectionsPerAddress: 2 });
  const first = enter('a');
  first.leave();
  first.leave();
  first.established();
  enter('a');
  expect(() => enter('b')).toThrow('connecting');
});

test('one address holds only so many connections', () => {
  const { enter } = admissionUnderTest({ connectionsPerAddress: 2 });
  enter('a').established();
  const second = enter('a');
  expect(() => enter('a')).toThrow('address');
  enter('b');
  second.leave();
  enter('a');
});

test('connections come in at a bounded rate', () => {
  const { admitted, clock } = admissionUnderTest({ connectsPerSecond: 10, connectsBurst: 20 });
  expect(admitted(100)).toBe(20);
  clock.advance(1000);
  expect(admitted(100)).toBe(10);
  clock.advance(60_000);
  expect(admitted(100)).toBe(20);
});

test('after a stall those who were cut come back a few at a time, and then as ever', () => {
  const limits = { connectsPerSecond: 100, connectsBurst: 100, readmissionsPerSecond: 5, readmissionMs: 10_000 };
  const { admission, admitted, clock } = admissionUnderTest(limits);
  admission.readmitGradually();
  expect(admitted(100)).toBe(0);
  let back = 0;
  for (let second = 0; second < 9; second++) {
    clock.advance(1000);
    back += admitted(100);
  }
  expect(back).toBe(45);
  clock.advance(2000);
  expect(admitted(1000)).toBe(100);
});
