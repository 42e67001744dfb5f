import { expect, test, vi } from 'vitest';
import { brokerUnderTest, connectPacket, settled } from './broker.test-support.ts';

// What random packets found, each with the least that shows it.

test('several CONNECTs in one segment leave no session behind when they are cut', async () => {
  const { wire, broker, count } = await brokerUnderTest();
  const button = await wire();
  button.send(...[1, 2, 3, 1, 1].map((number) => connectPacket(`button-${number}`)));
  await button.closed;
  await settled();
  await vi.waitUntil(() => broker.stats().connections === 0);
  expect(broker.disconnect('button-1')).toBe(false);
  expect(await count('connectionsRefused', 'malformed')).toBe(1);
});
