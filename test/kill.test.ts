import { expect, test } from 'vitest';
import { startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, registerVillage } from '../bench/village.ts';
import { press, publish, webhookSecret } from './running-system.test-support.ts';
import { type Arrival, startSlowReceiver } from './slow-receiver.ts';
import { childNamed, torture } from './torture.ts';
import { judge } from './torture-verdict.ts';

// Case 22: three kills in every run of the tests; `npm run torture -- --kills 200` is the same for long.
test('alarm, desk and both killed under load: what was acknowledged is kept once, and everybody is told once', async () => {
  const temporary = temporaryFolder('kill');
  try {
    const seed = 1;
    const verdict = await torture({ kills: 3, seed, dataFolder: temporary.folder, say: () => {} });
    expect(verdict.problems, `seed ${seed}`).toEqual([]);
    expect(verdict).toMatchObject({ crashes: { alarm: 1, desk: 1, both: 1 }, cutOff: { critical: 1 }, alerts: 9 });
    expect(verdict.reports).toBeGreaterThan(300);
  } finally {
    temporary.remove();
  }
}, 240_000);

// Case 8. Half a second is the time limit of an attempt here, and ten seconds the desk's time to take a call for care.
test('killed before the answers to two messages: the critical one is sent again under its id, the urgent one is not', async () => {
  const temporary = temporaryFolder('answer');
  const dataFolder = temporary.folder;
  const receiver = await startSlowReceiver({ answerAfterMs: () => 200 });
  const system = await startSystem({ dataFolder, environment: { STEPPEWATCH_CLOCK: 'simulated:30' } });
  try {
    await registerVillage(system, 8, { url: receiver.url, secret: webhookSecret });
    const payload = '{"v":1,"boot":1,"seq":1,"age":0,"call":"care"}';
    await until('the broker', () => publish(system, { id: deviceId(3), topic: 'press', payload }));
    const alarm = await until('the process of alarm', async () => childNamed(system, 'alarm'));
    const isOf = (wanted: string) => (arrival: Arrival) => arrival.severity === wanted;
    const urgent = await receiver.strike({ wanted: isOf('urgent'), deed: () => press(system, 7), withinMs: 30_000 });
    const deed = () => process.kill(alarm, 'SIGKILL');
    const critical = await receiver.strike({ wanted: isOf('critical'), deed, withinMs: 5_000 });
    const times = (message?: Arrival) => receiver.arrivals.filter(({ id }) => id === message?.id).length;
    expect([times(urgent), times(critical)]).toEqual([1, 1]);
    await until('the critical message again', async () => times(critical) > 1);

    const acknowledged = new Map<string, number>();
    const calls = [
      { home: 0, call: 'care' },
      { home: 1, call: 'emergency' },
    ] as const;
    const struck = [urgent, critical].filter((arrival) => arrival !== undefined);
    const { problems } = await judge({ dataFolder, acknowledged, calls, arrivals: receiver.arrivals, struck });
    expect(problems).toEqual([]);
    expect(times(urgent)).toBe(1);
  } finally {
    await system.stop();
    await receiver.close();
    temporary.remove();
  }
}, 120_000);
