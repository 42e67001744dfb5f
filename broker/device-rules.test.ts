import { expect, onTestFinished, test } from 'vitest';
import { brokerUnderTest, Wire } from './broker.test-support.ts';
import { startBroker } from './broker.ts';

test('who is unknown while the registry is still being read is asked to come again soon, and not in an hour', async () => {
  const { options, count } = await brokerUnderTest();
  let isCurrent = false;
  const broker = await startBroker({ ...options, credentials: { ...options.credentials, isCurrent: () => isCurrent } });
  onTestFinished(() => broker.close());
  const connect = async (id: string) => (await Wire.open(broker.address().port)).connect(id);
  expect([await connect('unknown-1'), await connect('button-1')]).toEqual([3, 0]);
  expect(await count('connectionsRefused', 'starting')).toBe(1);
  isCurrent = true;
  expect(await connect('unknown-1')).toBe(4);
});
