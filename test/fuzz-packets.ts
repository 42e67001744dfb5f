import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { generate, type Packet, parser } from 'mqtt-packet';

/**
 * What one connection sends, in the pieces in which it sends it, and how it goes. `door`: without TLS, with a pre-shared key of the
 * device `id`, or at the door of TLS without a word of TLS that would do.
 */
export type Script = { id: string; door: Door; pieces: readonly Buffer[]; ending: 'end' | 'destroy' };
type Door = 'plain' | 'psk' | 'no handshake';
export type Ports = { plain: number; psk: number; keyOf(id: string): Buffer };

/** Who may connect: any of these names, with the one secret. */
export const fuzzSecret = 'secret';
export const fuzzDevices = Array.from({ length: 200 }, (_, index) => `device-${index}`);

/**
 * Connections that are right, nearly right, wrong, and nothing but noise: packets by mqtt-packet, of which some are then flipped,
 * cut, repeated, exchanged or given another length, and which arrive one by one, in one piece, byte by byte or cut anywhere.
 */
export function scripts(): fc.Arbitrary<Script> {
  const packets = fc.constantFrom(...fuzzDevices).chain((id) => {
    const [any, right] = [anyPacket(id), rightPacket(id)];
    const said = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(rightConnect(id), fc.array(fc.oneof(right, right, right, any), { maxLength: 8 })),
      },
      { weight: 2, arbitrary: fc.tuple(rightConnect(id), fc.array(any, { maxLength: 8 })) },
      { weight: 2, arbitrary: fc.tuple(anyConnect(), fc.array(any, { maxLength: 5 })) },
      { weight: 1, arbitrary: fc.tuple(any, fc.array(any, { maxLength: 5 })) },
    );
    return said.map(([first, others]) => ({ id, said: [first, ...others].map(encoded) }));
  });
  const mutations = fc.oneof(fc.constant<Mutation[]>([]), fc.array(mutation(), { maxLength: 2 }));
  const spoken = fc.tuple(packets, mutations).map(([{ id, said }, all]) => {
    return { id, said: all.reduce((mutated, mutate) => mutate(mutated), said) };
  });
  const silly = fc.array(noise(600)).map((said) => ({ id: '', said }));
  const endings = fc.constantFrom<Script['ending']>('end', 'destroy');
  return fc
    .tuple(fc.oneof({ weight: 8, arbitrary: spoken }, silly), cutting(), door(), endings)
    .map(([{ id, said }, cut, where, ending]) => ({ id, door: where, pieces: cut(said), ending }));
}

function door(): fc.Arbitrary<Door> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant<Door>('plain') },
    { weight: 2, arbitrary: fc.constant<Door>('psk') },
    fc.constant<Door>('no handshake'),
  );
}

/** Opens a connection, says what the script says, and leaves. Answers what the broker said. Errors: it said what is no MQTT. */
export async function perform(script: Script, ports: Ports): Promise<Packet[]> {
  const { pieces, ending } = script;
  const socket = open(script, ports);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {}); // a reset is one of the ways in which a broker closes
  const answers = script.door === 'no handshake' ? { packets: [], problem: undefined } : listenTo(socket);
  const opened = script.door === 'psk' ? 'secureConnect' : 'connect';
  await Promise.race([once(socket, opened).catch(() => {}), closed]);
  for (const piece of pieces) {
    if (socket.destroyed || !socket.writable) break;
    // After the first piece for long enough to be let in: what is wrong in one segment is wrong for all of it.
    socket.write(piece);
    await turnsOf(piece === pieces[0] ? turnsToAnswer : 1);
  }
  await turnsOf(turnsToAnswer);
  // Half closed, it still hears; a broker that never closes its half is found by its connection that is left.
  if (ending === 'end') {
    socket.end();
    await Promise.race([closed, turnsOf(200)]);
  }
  socket.destroy();
  await closed;
  if (answers.problem) throw answers.problem;
  return answers.packets;
}
const turnsToAnswer = 25;

function open({ id, door: where }: Script, { plain, psk, keyOf }: Ports): Socket {
  const to = { port: where === 'plain' ? plain : psk, host: '127.0.0.1', noDelay: true };
  if (where !== 'psk') return connect(to);
  return connectTls({
    ...to,
    ...{ ciphers: 'PSK-AES128-GCM-SHA256', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
    pskCallback: () => ({ identity: id, psk: keyOf(id) }),
    checkServerIdentity: () => undefined,
  });
}

type Answers = { packets: Packet[]; problem?: Error };
function listenTo(socket: Socket): Answers {
  const answers: Answers = { packets: [] };
  const incoming = parser();
  incoming.on('packet', (packet) => void answers.packets.push(packet));
  incoming.on('error', (error: Error) => {
    answers.problem = error;
  });
  socket.on('data', (bytes) => incoming.parse(bytes));
  return answers;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function turnsOf(count: number): Promise<void> {
  for (let turns = 0; turns < count; turns++) await turn();
}

type Fields = { readonly [field: string]: unknown };

function rightConnect(id: string): fc.Arbitrary<Fields> {
  return fc.record({
    ...{ cmd: fc.constant('connect'), clientId: fc.constant(id), keepalive: fc.nat(60), clean: fc.boolean() },
    ...{ username: fc.constant(id), password: fc.constant(Buffer.from(fuzzSecret)) },
  });
}

/** What a device that works would say, one packet after the other. */
function rightPacket(id: string): fc.Arbitrary<Fields> {
  const messageId = fc.integer({ min: 1, max: 65_535 });
  const flags = { dup: fc.constant(false), retain: fc.boolean() };
  const topic = fc.constantFrom(...reports).map((report) => `up/${id}/${report}`);
  const publish = { cmd: fc.constant('publish'), topic, payload: noise(200), messageId, ...flags };
  const subscription = fc.record({ topic: fc.constantFrom(`down/${id}/#`, `down/${id}/+`), qos: fc.nat(2) });
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ ...publish, qos: fc.nat(2) }) },
    fc.record({ cmd: fc.constant('pubrel'), messageId }),
    fc.record({ cmd: fc.constant('subscribe'), messageId, subscriptions: fc.tuple(subscription) }),
    fc.record({ cmd: fc.constant('unsubscribe'), messageId, unsubscriptions: fc.constant([`down/${id}/#`]) }),
    fc.record({ cmd: fc.constant('pingreq') }),
  );
}

function anyConnect(): fc.Arbitrary<Fields> {
  const will = fc.record({ topic: topic(''), payload: noise(50), qos: fc.nat(2), retain: fc.boolean() });
  return fc.record(
    {
      cmd: fc.constant('connect'),
      clientId: fc.oneof(fc.constantFrom(...fuzzDevices, '', 'x'.repeat(40), 'a/b', '设备', '#'), fc.string()),
      protocolId: fc.constantFrom('MQTT', 'MQIsdp'),
      protocolVersion: fc.constantFrom(3, 4, 5, 131),
      keepalive: fc.constantFrom(0, 1, 60, 65_535),
      clean: fc.boolean(),
      username: fc.oneof(fc.constantFrom(...fuzzDevices, 'enrolment', ''), fc.string()),
      password: fc.oneof(fc.constant(Buffer.from(fuzzSecret)), noise(40)),
      will,
    },
    { requiredKeys: ['cmd', 'clientId', 'keepalive', 'clean'] },
  );
}

function anyPacket(id: string): fc.Arbitrary<Fields> {
  const messageId = fc.constantFrom(1, 2, 3, 65_535, 0);
  const named = (cmd: string, fields = {}) => fc.record({ cmd: fc.constant(cmd), ...fields });
  const subscription = fc.record({ topic: filter(), qos: fc.nat(2) });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: named('publish', {
        ...{ topic: topic(id), payload: fc.oneof(noise(200), noise(20_000)), qos: fc.nat(2), messageId },
        ...{ dup: fc.boolean(), retain: fc.boolean() },
      }),
    },
    {
      weight: 2,
      arbitrary: named('subscribe', { messageId, subscriptions: fc.array(subscription, { maxLength: 10 }) }),
    },
    named('unsubscribe', { messageId, unsubscriptions: fc.array(filter(), { maxLength: 10 }) }),
    ...['puback', 'pubrec', 'pubrel', 'pubcomp', 'unsuback'].map((cmd) => named(cmd, { messageId })),
    named('suback', { messageId, granted: fc.array(fc.constantFrom(0, 1, 2, 128)) }),
    ...['pingreq', 'pingresp', 'disconnect'].map((cmd) => named(cmd)),
    named('connack', { returnCode: fc.nat(5), sessionPresent: fc.boolean() }),
    rightConnect(id),
  );
}

const reports = ['alarm', 'fall', 'press', 'status', 'batch', 'motion', 'weather'] as const;
function topic(own: string): fc.Arbitrary<string> {
  const right = fc.tuple(fc.constantFrom(own, ...fuzzDevices), fc.constantFrom(...reports));
  return fc.oneof(
    { weight: 4, arbitrary: right.map(([id, report]) => `up/${id}/${report}`) },
    fc.constantFrom(
      '',
      '$SYS/broker',
      'up',
      'up/+/alarm',
      '#',
      '/'.repeat(300),
      `up/${'x'.repeat(70_000)}`,
      'up/device-1',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
}

function filter(): fc.Arbitrary<string> {
  const own = fc.constantFrom(...fuzzDevices).map((id) => `down/${id}/#`);
  return fc.oneof(own, fc.constantFrom('#', '+', '$share/g/#', 'down/+/#', 'up/#', 'a+', 'a/#/b', ''), topic(''));
}

const noise = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));

/** What mqtt-packet refuses to write is sent in a form that it would not: its header, and a body of the fields' text. */
function encoded(fields: Fields): Buffer {
  try {
    return generate(fields as unknown as Packet);
  } catch {
    const body = Buffer.from(JSON.stringify(fields).slice(0, 100));
    return Buffer.concat([Buffer.from([(body.length * 7) & 0xff, body.length]), body]);
  }
}

type Mutation = (packets: Buffer[]) => Buffer[];
/** Changes one of the packets, or their order. */
function mutation(): fc.Arbitrary<Mutation> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const change = fc.oneof(
    fc.tuple(place, fc.nat(7)).map(
      ([at, bit]) =>
        (packet: Buffer) =>
          flipped(packet, at, bit),
    ),
    place.map((at) => (packet: Buffer) => packet.subarray(0, Math.floor(at * packet.length))),
    fc.nat(255).map((length) => (packet: Buffer) => written(packet, 1, length)),
    fc.nat(255).map((header) => (packet: Buffer) => written(packet, 0, header)),
    fc.tuple(place, noise(20)).map(
      ([at, junk]) =>
        (packet: Buffer) =>
          inserted(packet, at, junk),
    ),
  );
  const one = fc.tuple(place, change).map(
    ([where, changed]): Mutation =>
      (packets) => {
        const chosen = Math.floor(where * packets.length);
        return packets.map((packet, index) => (index === chosen ? changed(packet) : packet));
      },
  );
  const repeated = place.map(
    (where): Mutation =>
      (packets) => {
        const packet = packets[Math.floor(where * packets.length)] ?? Buffer.alloc(0);
        return [...packets, packet, packet];
      },
  );
  return fc.oneof(
    { weight: 6, arbitrary: one },
    repeated,
    fc.constant<Mutation>((packets) => packets.toReversed()),
  );
}

function flipped(packet: Buffer, at: number, bit: number): Buffer {
  const index = Math.floor(at * packet.length);
  return written(packet, index, (packet[index] ?? 0) ^ (1 << bit));
}
function written(packet: Buffer, index: number, byte: number): Buffer {
  const copy = Buffer.from(packet);
  if (index < copy.length) copy[index] = byte;
  return copy;
}
function inserted(packet: Buffer, at: number, junk: Buffer): Buffer {
  const index = Math.floor(at * packet.length);
  return Buffer.concat([packet.subarray(0, index), junk, packet.subarray(index)]);
}

type Cutting = (packets: Buffer[]) => Buffer[];
function cutting(): fc.Arbitrary<Cutting> {
  const anywhere = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant<Cutting>((packets) => packets) },
    { weight: 2, arbitrary: fc.constant<Cutting>((packets) => [Buffer.concat(packets)]) },
    fc.constant<Cutting>((packets) =>
      Array.from(Buffer.concat(packets).subarray(0, 120), (byte) => Buffer.from([byte])),
    ),
    anywhere.map(
      (shares): Cutting =>
        (packets) => {
          const whole = Buffer.concat(packets);
          const cuts = [
            0,
            ...shares.map((share) => Math.floor(share * whole.length)).sort((a, b) => a - b),
            whole.length,
          ];
          return cuts.slice(1).map((to, index) => whole.subarray(cuts[index], to));
        },
    ),
  );
}
