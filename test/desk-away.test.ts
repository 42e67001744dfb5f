import { expect, test } from 'vitest';
import { killDesk, measurePresses } from '../bench/press-to-webhook.ts';
import { spinDesk } from '../bench/system.ts';

// Figures are bench/press-to-webhook.ts's; here it is enough that nobody waits for desk, which would be for the whole time.
const patienceMs = 2_500;

test('while desk spins at full speed, every press still reaches its receiver', async () => {
  const latencies = await measurePresses({ presses: 30, meanwhile: (system) => spinDesk(system, 6_000) });
  expect(latencies).toHaveLength(30);
  expect(latencies.at(-1)).toBeLessThan(patienceMs);
}, 90_000);

test('while desk is killed again and again, every press still reaches its receiver', async () => {
  const latencies = await measurePresses({ presses: 30, meanwhile: killDesk });
  expect(latencies).toHaveLength(30);
  expect(latencies.at(-1)).toBeLessThan(patienceMs);
}, 90_000);
