import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { Authority } from '../broker/authority.test-support.ts';
import { median } from './connect.ts';
import type { Bench } from './run.ts';
import type { Storm, StormReport } from './storm-load.ts';
import { freePorts, startSystem, temporaryFolder, until } from './system.ts';
import { benchDevice, registerVillage } from './village.ts';

const devices = Number(process.env.BENCH_DEVICES ?? 10_000);

/**
 * [reconnect-storm]: the whole system is killed, and 10,000 devices come back over TLS without tickets, all from one address and each
 * with a round trip of 2 to 4 s, as NB-IoT has. The figure is the seconds from its start until the last one has its CONNACK; bound: at most 60. Meanwhile a detector that is in sends
 * an alarm four times a second: `reconnect-storm-alarm` is the longest that one waits for its PUBACK; bound: at most 2 s.
 */
export const run: Bench = async (report) => {
  const temporary = temporaryFolder('storm');
  const authority = await Authority.make('Bench');
  const { cert, key } = await authority.issue({ name: 'localhost', dns: ['localhost'] });
  const tlsFolder = join(temporary.folder, 'tls');
  mkdirSync(tlsFolder);
  writeFileSync(join(tlsFolder, 'broker.pem'), cert);
  writeFileSync(join(tlsFolder, 'broker.key'), key);
  const [port = 0] = await freePorts(1);
  const environment = {
    STEPPEWATCH_MQTTS_PORT: String(port),
    STEPPEWATCH_MQTTS_CERTIFICATE: join(tlsFolder, 'broker.pem'),
    STEPPEWATCH_MQTTS_KEY: join(tlsFolder, 'broker.key'),
  };
  const dataFolder = join(temporary.folder, 'data');
  let system = await startSystem({ dataFolder, environment });
  try {
    await registerVillage(system, devices, { url: 'http://127.0.0.1:9/', secret: `whsec_${'A'.repeat(32)}` });
    await system.killAll();
    system = await startSystem({ dataFolder, environment });
    const door = { port, ca: authority.pem() };
    const all = Array.from({ length: devices }, (_, index) => benchDevice(index));
    const storm = comeBack({ ...door, devices: all.slice(1) });
    const { servedMs, attempts, alarmsMs } = await alarmsDuring(storm, door);
    report('reconnect-storm', servedMs / 1000, 's');
    report('reconnect-storm-alarm', Math.max(...alarmsMs), 'ms');
    report('reconnect-storm-alarm-p50', median(alarmsMs), 'ms');
    report('reconnect-storm-attempts', attempts / devices, 'a device');
    await until('the system to be well', () => system.control.ask('health', {}));
  } finally {
    await system.stop();
    temporary.remove();
  }
};

/** Sends alarms from a process that has nothing else to do, from when its detector is in until the storm is over. */
async function alarmsDuring(storm: Promise<StormReport>, { port, ca }: Pick<Storm, 'port' | 'ca'>) {
  const { id, secret } = benchDevice(0);
  const login = { clientId: id, username: id, password: secret, ca, protocolVersion: 4, keepalive: 600 } as const;
  const url = `mqtts://localhost:${port}`;
  const detector = await until('the detector to come in', () =>
    connectAsync(url, { ...login, reconnectPeriod: 0 }, false),
  );
  const alarmsMs: number[] = [];
  let isOver = false;
  const report = storm.finally(() => {
    isOver = true;
  });
  for (let seq = 1; !isOver; seq++) {
    const sentAt = performance.now();
    const alarm = `{"v":1,"boot":900000,"seq":${seq},"age":0,"source":"smoke","state":"on"}`;
    await detector.publishAsync(`up/${id}/alarm`, alarm, { qos: 1 });
    alarmsMs.push(performance.now() - sentAt);
    await rest(250);
  }
  await detector.endAsync();
  return { ...(await report), alarmsMs };
}

async function comeBack(storm: Storm): Promise<StormReport> {
  const child = fork(join(import.meta.dirname, 'storm-load.ts'));
  const died = once(child, 'exit').then(() => Promise.reject(new Error('the devices of the bench died')));
  child.send(storm);
  const [report] = (await Promise.race([once(child, 'message'), died])) as [StormReport];
  died.catch(() => {});
  child.disconnect();
  return report;
}
