import { afterEach } from 'vitest';
import { silentLog } from '../../../platform/log.ts';
import { chanceOf } from '../../../simulators/seeded-chance.ts';
import { testClock } from '../../home.test-support.ts';
import { listening } from '../modem/modem.test-support.ts';
import { createSmppChannel, type SmppSettings, smppSettings } from './smpp.ts';
import { type Center, openCenter } from './smpp-peer.test-support.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A centre that ends with the test. */
export async function center(parts: Parameters<typeof openCenter>[0] = {}): Promise<Center> {
  const opened = await openCenter(parts);
  ending.push(opened.stop);
  return opened;
}

/** Our channel to that centre. Time moves only when the test says so. */
export function channelTo({ port }: { port: number }, changes: Partial<SmppSettings> = {}) {
  const settings = smppSettings.parse({ host: '127.0.0.1', port, systemId: 'county', password: 'secret', ...changes });
  const clock = testClock();
  const ports = { clock, chance: chanceOf(1, 'smpp'), log: silentLog };
  const channel = createSmppChannel({ id: 'county', ...settings }, ports);
  ending.push(async () => {
    const closed = channel.close?.();
    await clock.advance(1_000);
    await closed;
  });
  const { heard, inbound } = listening();
  channel.listen?.(inbound);
  return { channel, clock, heard };
}
