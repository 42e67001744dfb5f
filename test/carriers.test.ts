import { request } from 'node:http';
import { expect, test } from 'vitest';
import { freePorts, readMetrics, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, registerVillage } from '../bench/village.ts';
import { bytesOf, lianPush } from '../ingest/carriers/pushes.test-support.ts';
import { webhookSecret } from './running-system.test-support.ts';
import { startSlowReceiver } from './slow-receiver.ts';

const token = 'k'.repeat(32);
const openCritical = 'steppewatch_incidents_open{severity="critical"}';

test('smoke pushed by CTWing calls the station once, though the system is killed meanwhile and the platform comes again', async () => {
  const temporary = temporaryFolder('carriers');
  const receiver = await startSlowReceiver({ answerAfterMs: () => 0 });
  const [port = 0] = await freePorts(1);
  const environment = { STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_PORT: String(port) };
  const start = () => startSystem({ dataFolder: temporary.folder, environment });
  let system = await start();
  try {
    await registerVillage(system, 4, { url: receiver.url, secret: webhookSecret });
    const body = bytesOf(lianPush(1, { IMEI: deviceId(0), timestamp: Date.now() }));
    const push = () => answerOf({ port, path: `/ctwing/${token}` }, body);
    let isKilled = false;
    const deed = () => {
      isKilled = true;
      void system.killAll();
    };
    const struck = receiver.strike({ wanted: ({ severity }) => severity === 'critical', deed, withinMs: 30_000 });
    // Its first attempt may be answered or not: the kill comes as soon as the station hears of it.
    await until('the way in', async () => (await push()) === 200 || isKilled);
    expect((await struck)?.placeIds).toEqual(['p0']);
    await system.killAll();

    system = await start();
    await until('the answer to its next attempt', async () => (await push()) === 200);
    expect(await push()).toBe(200);
    await until('the judgement', async () => (await readMetrics(system)).get(openCritical) === 1);
    const ids = receiver.arrivals.filter(({ severity }) => severity === 'critical').map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    const metrics = await readMetrics(system);
    expect(metrics.get('steppewatch_carrier_pushes_total{carrier="ctwing",outcome="kept"}')).toBeGreaterThanOrEqual(2);
  } finally {
    await system.killAll();
    await receiver.close();
    temporary.remove();
  }
}, 120_000);

/** The status of a POST; undefined when there was no answer. */
function answerOf(to: { port: number; path: string }, body: Uint8Array): Promise<number | undefined> {
  return new Promise((answered) => {
    request({ ...to, host: '127.0.0.1', method: 'POST', timeout: 10_000 }, (response) => {
      answered(response.resume().statusCode);
    })
      .on('timeout', () => answered(undefined))
      .on('error', () => answered(undefined))
      .end(body);
  });
}
