import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { startBroker } from '../broker/broker.ts';
import { createCredentials, makeCredential } from '../broker/credentials.ts';
import { openJournal } from '../journal/journal.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import { encodeRecord } from '../records/record-codec.ts';

// One server of [puback], a process of its own: `bare` is aedes as it comes, `whole` is the broker with its journal.

export type Login = { deviceId: string; secret: string };

process.on('message', async ({ role, logins }: { role: string; logins: Login[] }) => {
  process.send?.(role === 'bare' ? await bare() : await whole(logins));
});
process.on('disconnect', () => process.exit());

async function bare(): Promise<number> {
  const aedes = await Aedes.createBroker();
  const server = createServer(aedes.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

async function whole(logins: Login[]): Promise<number> {
  const [log, clock, chance, metrics] = [silentLog, systemClock, systemChance, createMetrics()];
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-puback-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const clockStepBody = (byMs: number, wallAt: number) => encodeRecord({ kind: 'clock-step', byMs, wallAt });
  const journal = await openJournal({ disk: openDisk(folder), clock, chance, log, metrics, clockStepBody });
  const pepper = chance.bytes(32);
  const devices = new Map(
    logins.map(({ deviceId, secret }) => [deviceId, { credential: makeCredential({ secret, pepper, chance }) }]),
  );
  const broker = await startBroker({
    listen: { host: '127.0.0.1', port: 0 },
    ...{ log, clock, chance, metrics },
    credentials: createCredentials({ device: (id) => devices.get(id), pepper }),
    keep: (incoming, lifeSafety) =>
      journal.append(
        encodeRecord({ kind: 'report', source: 'mqtt', ...incoming }),
        lifeSafety ? 'life-safety' : 'telemetry',
      ),
  });
  return broker.address().port;
}
