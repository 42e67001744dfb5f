import { createServer } from 'node:http';
import { AggregatorRegistry, type MetricObject } from 'prom-client';
import { listenFailed } from '../platform/errors.ts';
import type { Metrics } from '../platform/metrics.ts';

/**
 * `/metrics` on a listener of its own, in the alarm process, so that it answers while desk is away. Desk hands its figures over
 * each few seconds; they are left out when they are older than `staleMs`, because old figures look like good ones.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 */
export async function serveMetrics({ metrics, listen }: { metrics: Metrics; listen: { host: string; port: number } }) {
  const staleMs = 15_000;
  let desk: { figures: MetricObject[]; at: number } | undefined;
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') return response.writeHead(404).end();
    const own = await metrics.registry.getMetricsAsJSON();
    const fresh = desk && performance.now() - desk.at < staleMs ? [desk.figures] : [];
    const text = await AggregatorRegistry.aggregate([own as MetricObject[], ...fresh]).metrics();
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
  });
  await new Promise<void>((done, fail) => {
    const refuse = (cause: Error) => fail(listenFailed({ cause }, `${listen.host}:${listen.port}`, cause.message));
    server.once('error', refuse).listen(listen.port, listen.host, done);
  });
  return {
    takeDesk(figures: MetricObject[]): void {
      desk = { figures, at: performance.now() };
    },
    close: () => new Promise<void>((done) => server.close(() => done())),
  };
}
