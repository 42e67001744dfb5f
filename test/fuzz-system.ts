import { connect } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { openAlarm } from '../app/alarm/alarm-core.ts';
import { benchVillage, deviceId, secretOf } from '../bench/village.ts';
import { startBroker } from '../broker/broker.ts';
import { createCredentials, makeCredential } from '../broker/credentials.ts';
import type { BrokerLimits } from '../broker/limits.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { type Log, silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import type { Incident } from '../records/incident.ts';
import type { Channel } from '../responders/channel.ts';
import { glassVault } from '../simulators/glass-vault.ts';
import type { Mutated } from './fuzz-payloads.ts';

export type FuzzedSystem = Awaited<ReturnType<typeof openFuzzedSystem>>;

/**
 * The real broker before the real alarm path on a real disk, in this process, with homes of four devices each. Its wall clock
 * can be set. Whatever the log calls an error is a complaint.
 */
export async function openFuzzedSystem({ folder, homes, limits = {} }: FuzzedParts) {
  const vault = glassVault();
  const [metrics, clock] = [createMetrics(), settableClock()];
  const complaints: string[] = [];
  const log = complainingLog(complaints);
  const common = { log, metrics, chance: systemChance };
  const alarm = await openAlarm({
    ...common,
    ...{
      disk: openDisk(folder),
      stateDisk: openDisk(folder),
      clock,
      vault,
      version: 'fuzz',
      timeZone: 'Asia/Shanghai',
    },
    channels: (['webhook', 'log'] as const).map(
      (name): Channel => ({ name, send: async () => ({ type: 'delivered' }) }),
    ),
    limits: { reserveBytes: 0 },
  });
  alarm.failure.catch((error: unknown) => complaints.push(`the alarm path ended: ${error}`));
  await alarm.caughtUp;
  await enterRegistry(alarm, homes);
  const broker = await startBroker({
    ...{ ...common, clock: systemClock, keep: alarm.keep, listen: { host: '127.0.0.1', port: 0 } },
    credentials: createCredentials({ device: alarm.registry.device, pepper: vault.pepper() }),
    limits,
  });
  const { port } = broker.address();

  return {
    ...{ broker, port, complaints },
    /** What was counted under a reason, or under all of them. */
    async counted(
      name: 'connectionsRefused' | 'publishesRefused' | 'reportsRejected',
      reason?: string,
    ): Promise<number> {
      const { values } = await metrics[name].get();
      const meant = values.filter(({ labels }) => {
        return reason === undefined || (labels as { reason?: string }).reason === reason;
      });
      return meant.reduce((sum, { value }) => sum + value, 0);
    },
    /** Resolves when it is acknowledged. `number` names the device. Errors: the connection ended before that. */
    publish: (number: number, { report, payload }: Said) =>
      publishOnce({ port, id: deviceId(number), report, payload }),
    setWall: (byMs: number) => clock.setBy(byMs),
    /** The open incidents of each device, when everything that was acknowledged is judged. */
    async incidentsByDevice(): Promise<Map<string, Incident[]>> {
      while (alarm.health().lagRecords > 0) await new Promise((resolve) => setImmediate(resolve));
      const all = [...alarm.incidents.openIncidents()].flatMap((incident) =>
        incident.alerts.map(({ where }) => ({ device: where?.deviceId ?? '', incident })),
      );
      return new Map(
        [...Map.groupBy(all, ({ device }) => device)].map(([device, of]) => [device, of.map((one) => one.incident)]),
      );
    },
    async close(): Promise<void> {
      await broker.close();
      await alarm.close();
    },
  };
}

type FuzzedParts = { folder: string; homes: number; limits?: Partial<BrokerLimits> };

async function enterRegistry(alarm: Awaited<ReturnType<typeof openAlarm>>, homes: number): Promise<void> {
  const by = { type: 'system', id: 'fuzz' } as const;
  const pepper = glassVault().pepper();
  const hash = (secret: string) => makeCredential({ secret, pepper, chance: systemChance });
  const webhook = { url: 'https://receiver.example/', secret: `whsec_${'A'.repeat(32)}` };
  const changes = benchVillage({ devices: homes * devicesInHome, webhook, hash });
  const parts = Array.from({ length: Math.ceil(changes.length / 500) }, (_, part) =>
    changes.slice(part * 500, (part + 1) * 500),
  );
  const importId = 'homes';
  for (const [part, some] of parts.entries())
    await alarm.send({ type: 'registry-part', commandId: `homes-part-${part}`, by, importId, part, changes: some });
  const commit = { type: 'registry-commit', commandId: 'homes-commit', by, importId, parts: parts.length } as const;
  const answer = await alarm.send(commit);
  if (!answer.ok) throw new Error(answer.message);
}
export const devicesInHome = 4;

type Said = Pick<Mutated, 'report' | 'payload'>;
function publishOnce({ port, id, report, payload }: Said & { port: number; id: string }): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const incoming = parser();
  socket.on('data', (bytes) => incoming.parse(bytes));
  const send = (packet: Packet) => socket.write(generate(packet));
  return new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`a ${report} of ${id} was not acknowledged`)));
    incoming.on('packet', (packet) => {
      if (packet.cmd === 'puback') resolve();
    });
    const password = Buffer.from(secretOf(id));
    send({ cmd: 'connect', clientId: id, username: id, password, keepalive: 60, clean: true });
    const body = Buffer.from(payload);
    const flags = { qos: 1, dup: false, retain: false } as const;
    send({ cmd: 'publish', topic: `up/${id}/${report}`, payload: body, messageId: 1, ...flags });
  }).finally(() => socket.destroy());
}

function settableClock(): Clock & { setBy(byMs: number): void } {
  let aheadMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + aheadMs,
    setBy(byMs) {
      aheadMs += byMs;
    },
  };
}

function complainingLog(complaints: string[]): Log {
  const error = (fields: object, message: string) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
  return { ...silentLog, error, child: () => complainingLog(complaints) };
}
