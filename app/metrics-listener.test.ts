import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createMetrics } from '../platform/metrics.ts';
import { serveMetrics } from './metrics-listener.ts';

test('a port that another program holds is named', async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const serving = serveMetrics({ metrics: createMetrics(), listen: { host: '127.0.0.1', port } });
  await expect(serving).rejects.toMatchObject({
    code: 'LISTEN_FAILED',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  other.close();
});
