import { connect, type Socket } from 'node:net';
import { generate } from 'mqtt-packet';
import type { DeviceKind } from '../firmware-contracts/report.ts';

/**
 * Many devices in a process of their own, on bare sockets, so that the load costs little beside what it measures.
 * Open loop: a report has its time whatever the answers do, and its latency counts from then. A device has one report
 * under way; one that is still waiting when its turn comes is passed over and counted as late.
 * It is started with `fork`, takes one `Fleet` message, and answers `connected`, then a `Tally` each second and at its end.
 * `measure` lets the latencies count from then on, `enough` ends it before its time.
 */
export type Fleet = {
  port: number;
  devices: { id: string; secret: string; kind: DeviceKind }[];
  reportsPerSecond: number;
  seconds: number;
  /** Shares of reports by name; they add up to 1. */
  mix: { status: number; presence: number; position: number; vitals: number };
};
export type FleetMark = 'measure' | 'enough';
export type Tally = {
  done: boolean;
  sent: number;
  acknowledged: number;
  late: number;
  lost: number;
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
  elapsedMs: number;
};

type Device = {
  id: string;
  kind: DeviceKind;
  socket: Socket;
  boot: number;
  seq: number;
  dueAt: number;
  waiting: boolean;
};

type Ring = { turn: number; devices: Device[] };

// Whoever asked for it is gone.
process.on('disconnect', () => process.exit(1));
process.once('message', (fleet: Fleet) =>
  run(fleet).catch((error) => {
    process.stderr.write(`fleet: ${error}\n`);
    process.exit(1);
  }),
);

async function run(fleet: Fleet): Promise<void> {
  const latencies = new Float64Array(fleet.reportsPerSecond * fleet.seconds + 1_000);
  const count = { sent: 0, acknowledged: 0, late: 0, lost: 0 };
  const devices: Device[] = [];
  for (let from = 0; from < fleet.devices.length; from += 200) {
    const some = fleet.devices.slice(from, from + 200);
    devices.push(...(await Promise.all(some.map((device) => open(fleet.port, device, acknowledge)))));
    // Below the rate at which the broker takes new connections.
    await new Promise((next) => setTimeout(next, 150));
  }
  process.send?.('connected');

  function acknowledge(device: Device): void {
    if (!device.waiting) return;
    device.waiting = false;
    latencies[count.acknowledged++] = performance.now() - device.dueAt;
  }

  const start = performance.now();
  let total = fleet.reportsPerSecond * fleet.seconds;
  let measuredFrom = 0;
  process.on('message', (message: FleetMark) => {
    if (message === 'measure') measuredFrom = count.acknowledged;
    else total = count.sent;
  });
  let lastSecond = 0;
  const names = schedule(fleet.mix);
  const rings = {
    status: ringOf(),
    presence: ringOf('presence-sensor'),
    position: ringOf('wearable'),
    vitals: ringOf('wearable'),
  };
  while (count.sent < total) {
    const elapsed = performance.now() - start;
    const due = Math.min(total, Math.floor((elapsed / 1000) * fleet.reportsPerSecond));
    while (count.sent < due) {
      const dueAt = start + (count.sent / fleet.reportsPerSecond) * 1000;
      const name = names[count.sent % names.length] ?? 'status';
      const device = nextFree(rings[name]);
      if (!device) break;
      publish(device, name, dueAt);
      count.sent++;
    }
    if (Math.floor(elapsed / 1000) > lastSecond) {
      lastSecond = Math.floor(elapsed / 1000);
      process.send?.(tally(false));
    }
    await new Promise((next) => setTimeout(next, 1));
  }
  for (let waited = 0; waited < 10_000 && count.acknowledged < count.sent; waited += 20) {
    await new Promise((next) => setTimeout(next, 20));
  }
  count.lost = count.sent - count.acknowledged;
  process.send?.(tally(true), () => process.exit(0));

  function ringOf(kind?: DeviceKind): Ring {
    return { turn: 0, devices: kind === undefined ? devices : devices.filter((device) => device.kind === kind) };
  }

  function nextFree(ring: Ring): Device | undefined {
    for (let tries = 0; tries < ring.devices.length; tries++) {
      const device = ring.devices[ring.turn++ % ring.devices.length];
      if (device && !device.waiting) return device;
      count.late++;
    }
    return undefined;
  }

  function tally(done: boolean): Tally {
    const elapsedMs = performance.now() - start;
    if (!done) return { done, ...count, elapsedMs, p50Ms: 0, p99Ms: 0, worstMs: 0 };
    const sorted = latencies.slice(measuredFrom, count.acknowledged).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { done, ...count, elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: at(1) };
  }
}

/** A hundred report names in the mix's shares, evenly spread. */
function schedule(mix: Fleet['mix']): (keyof Fleet['mix'])[] {
  const names = Object.keys(mix) as (keyof Fleet['mix'])[];
  const owed = names.map(() => 0);
  return Array.from({ length: 100 }, () => {
    names.forEach((name, index) => {
      owed[index] = (owed[index] ?? 0) + mix[name];
    });
    const most = owed.indexOf(Math.max(...owed));
    owed[most] = (owed[most] ?? 0) - 1;
    return names[most] ?? 'status';
  });
}

const bodies = {
  status: '"battery":3.92,"rsrp":-97,"snr":8.5,"temperature":19.5,"interval":600,"firmware":"2.4.1"',
  presence: '"source":"motion","state":"on"',
  position: '"lat":43.93341,"lon":116.08214,"accuracy":12,"speed":0.4,"source":"gnss"',
  vitals: '"pulse":72,"oxygen":97',
};

function publish(device: Device, name: keyof typeof bodies, dueAt: number): void {
  device.dueAt = dueAt;
  device.waiting = true;
  const topic = `up/${device.id}/${name}`;
  const payload = `{"v":1,"boot":${device.boot},"seq":${++device.seq},"age":0,${bodies[name]}}`;
  const length = 2 + topic.length + 2 + payload.length;
  const packet = Buffer.allocUnsafe(3 + length);
  packet[0] = 0x32;
  packet[1] = (length & 0x7f) | 0x80;
  packet[2] = length >> 7;
  packet.writeUInt16BE(topic.length, 3);
  packet.write(topic, 5, 'latin1');
  packet.writeUInt16BE((device.seq % 65_535) + 1, 5 + topic.length);
  packet.write(payload, 7 + topic.length, 'latin1');
  device.socket.write(packet);
}

function open(
  port: number,
  { id, kind, secret }: Fleet['devices'][number],
  acknowledge: (device: Device) => void,
): Promise<Device> {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // A boot counter of its own for every run, so that no report is taken for a repeat of an earlier run.
    const device: Device = {
      id,
      kind,
      socket,
      boot: Math.floor(Date.now() / 1000) % 1_000_000,
      seq: 0,
      dueAt: 0,
      waiting: false,
    };
    socket.on('error', fail);
    socket.once('connect', () =>
      socket.write(
        generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId: id,
          keepalive: 600,
          username: id,
          password: Buffer.from(secret),
        }),
      ),
    );
    socket.once('data', (first) => {
      if (first[0] !== 0x20 || first[3] !== 0) return fail(new Error(`CONNACK ${first.toString('hex')} for ${id}`));
      // One report is under way, so that whatever comes is its PUBACK.
      socket.on('data', () => acknowledge(device));
      done(device);
    });
  });
}
