import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as openSocket, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Authority, type Issued } from './authority.test-support.ts';
import { brokerUnderTest, publishPacket } from './broker.test-support.ts';
import { asClient, mqttsClient, secureBroker, secureWire, tlsUnderTest } from './secure-broker.test-support.ts';
import { deviceIdsOf } from './tls-identity.ts';
import { deviceRights } from './topic-rights.ts';

/** A reset is one of the ways in which a broker closes, so that an error says nothing. */
const closing = (socket: Socket) => new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
const login = (id: string) => ({ username: id, password: 'secret' });

test.each(['TLSv1.2', 'TLSv1.3'] as const)('mqtt.js publishes over %s', async (version) => {
  const { journal, ports, ca } = await secureBroker();
  const options = { ca, minVersion: version, maxVersion: version, ...login('button-1') };
  const button = await mqttsClient(ports.everybody, 'button-1', options);
  expect((button.stream as TLSSocket).getProtocol()).toBe(version);
  await button.publishAsync('up/button-1/press', '{}', { qos: 1 });
  expect(journal.kept).toMatchObject([{ deviceId: 'button-1', report: 'press' }]);
  await button.endAsync();
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a device resumes its session of %s, after a restart too',
  async (version) => {
    const { broker, ports, ca, open, options } = await secureBroker();
    const tlsOptions = { ca, minVersion: version, maxVersion: version };
    const first = await secureWire(ports.everybody, tlsOptions);
    const session = await first.session;
    expect(first.socket.isSessionReused()).toBe(false);
    const again = await secureWire(ports.everybody, { ...tlsOptions, session });
    expect(again.socket.isSessionReused()).toBe(true);
    expect(await again.wire.connect('button-1')).toBe(0);
    await broker.close();

    const { startBroker } = await import('./broker.ts');
    const restarted = await open();
    const [door] = options.doors ?? [];
    if (!door) throw new Error('there is no door');
    const second = await startBroker({ ...options, doors: [{ listen: door.listen, tls: restarted }] });
    onTestFinished(async () => {
      restarted.close();
      await second.close();
    });
    const later = await secureWire(second.secureAddresses()[0]?.port ?? 0, { ...tlsOptions, session });
    expect(later.socket.isSessionReused()).toBe(true);
    expect(await later.wire.connect('button-1')).toBe(0);
  },
);

test('a password is needed as ever where no certificate was shown', async () => {
  const { ports, ca } = await secureBroker({ devices: await Authority.make() });
  const { wire } = await secureWire(ports.everybody, { ca });
  expect(await wire.connect('gate-1', { password: Buffer.from('guess') })).toBe(4);
  const knows = await secureWire(ports.everybody, { ca });
  expect(await knows.wire.connect('gate-1')).toBe(0);
});

test('TLS 1.1, old ciphers and a second handshake are refused', async () => {
  const { ports, ca, count } = await secureBroker();
  const old = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  await expect(secureWire(ports.everybody, old)).rejects.toThrow(/version|alert|protocol/i);
  const weak = { ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
  await expect(secureWire(ports.everybody, weak)).rejects.toThrow(/handshake failure/i);
  await vi.waitUntil(async () => (await count('connectionsRefused', 'handshake')) === 2);
  const { socket, wire } = await secureWire(ports.everybody, { ca, maxVersion: 'TLSv1.2' });
  const answer = new Promise((resolve) => socket.renegotiate({ rejectUnauthorized: true }, resolve));
  expect(await Promise.race([answer, wire.closed])).not.toBe(null);
});

const devicesNamed = [
  [{ dns: ['gate-1'] }, 'an alternative name'],
  [{ uri: ['urn:imei:gate-1'] }, 'a URI'],
  [{ name: 'gate-1' }, 'its common name'],
] as const;
test.each(['TLSv1.2', 'TLSv1.3'] as const)('with a certificate a device needs no password, in %s', async (version) => {
  const devices = await Authority.make();
  const { ports, ca, journal } = await secureBroker({ devices });
  for (const [names] of devicesNamed) {
    const issued = await devices.issue({
      name: 'x',
      ...names,
      dns: [...('dns' in names ? names.dns : [])],
      uri: [...('uri' in names ? names.uri : [])],
    });
    const options = { ca, ...asClient(issued), minVersion: version, maxVersion: version };
    const gate = await mqttsClient(ports.everybody, 'gate-1', options);
    await gate.publishAsync('up/gate-1/status', '{}', { qos: 1 });
    await gate.endAsync();
  }
  expect(journal.kept.map(({ standing }) => standing)).toEqual(['registered', 'registered', 'registered']);
});

test('a certificate of another device is refused, whatever the password, and so is one of a device that is not registered', async () => {
  const devices = await Authority.make();
  const { ports, ca, count } = await secureBroker({ devices });
  const issued = await devices.issue({ name: 'gate-1', dns: ['gate-2'] });
  const { wire } = await secureWire(ports.everybody, { ca, ...asClient(issued) });
  expect(await wire.connect('gate-1')).toBe(5);
  await wire.closed;
  expect(await count('connectionsRefused', 'another-identity')).toBe(1);
  const stranger = await secureWire(ports.everybody, { ca, ...asClient(await devices.issue({ dns: ['unknown-1'] })) });
  expect(await stranger.wire.connect('unknown-1')).toBe(4);
});

test('two authorities joined without a line break are both known', async () => {
  const [first, second] = [await Authority.make('First'), await Authority.make('Second')];
  const { ports, ca, folder, tls } = await secureBroker({ devices: first });
  folder.write('devices.pem', first.pem().trimEnd() + second.pem());
  await tls.check();
  for (const authority of [first, second]) {
    const { wire } = await secureWire(ports.everybody, { ca, ...asClient(await authority.issue({ dns: ['gate-1'] })) });
    expect(await wire.connect('gate-1')).toBe(0);
  }
});

test('certificates of other authorities and those that ran out are sent away before they say a word', async () => {
  const devices = await Authority.make();
  const { ports, ca, count } = await secureBroker({ devices });
  const [foreign, old] = [
    await (await Authority.make()).issue({ dns: ['gate-1'] }),
    await devices.issue({ dns: ['gate-1'], days: -1 }),
  ];
  for (const issued of [foreign, old]) {
    const { wire } = await secureWire(ports.everybody, { ca, ...asClient(issued) });
    await wire.closed;
    expect(wire.received).toEqual([]);
  }
  expect(await count('connectionsRefused', 'certificate-untrusted')).toBe(1);
  expect(await count('connectionsRefused', 'certificate-expired')).toBe(1);
});

test('a revoked device is cut at once, and comes back neither by a new handshake nor by resuming the old', async () => {
  const devices = await Authority.make();
  const { ports, ca, count, folder, tls } = await secureBroker({ devices });
  const [gone, stays] = [await devices.issue({ dns: ['gate-1'] }), await devices.issue({ dns: ['gate-2'] })];
  const options = { ca, ...asClient(gone) };
  const connected = await secureWire(ports.everybody, options);
  expect(await connected.wire.connect('gate-1')).toBe(0);
  const session = await connected.session;
  const other = await secureWire(ports.everybody, { ca, ...asClient(stays) });
  expect(await other.wire.connect('gate-2')).toBe(0);

  folder.write('revoked.pem', await devices.revoke([gone]));
  await tls.check();
  await connected.wire.closed;
  for (const again of [options, { ...options, session }]) {
    const { wire, socket } = await secureWire(ports.everybody, again);
    await wire.closed;
    expect(wire.received).toEqual([]);
    expect(socket.destroyed).toBe(true);
  }
  expect(await count('connectionsRefused', 'certificate-revoked')).toBe(3);
  other.wire.send({ cmd: 'pingreq' });
  expect(await other.wire.next()).toMatchObject({ cmd: 'pingresp' });
});

/** What a device shows that sends its intermediate authority along. */
const withChain = ({ cert, key }: Issued, authority: Authority) => ({ cert: cert + authority.pem(), key });

test('an authority that is taken out of the file issues for nobody any more, whatever devices send along', async () => {
  const root = await Authority.make('Root');
  const [good, lost] = [await root.subordinate('Good'), await root.subordinate('Lost')];
  const { ports, ca, count, folder, tls } = await secureBroker({ devices: root });
  folder.write('devices.pem', root.pem() + good.pem() + lost.pem());
  await tls.check();
  const ofGood = { ca, ...withChain(await good.issue({ dns: ['gate-1'] }), good) };
  const ofLost = { ca, ...withChain(await lost.issue({ dns: ['gate-2'] }), lost) };
  const [stays, goes] = [await secureWire(ports.everybody, ofGood), await secureWire(ports.everybody, ofLost)];
  expect([await stays.wire.connect('gate-1'), await goes.wire.connect('gate-2')]).toEqual([0, 0]);
  const session = await goes.session;

  folder.write('devices.pem', root.pem() + good.pem());
  await tls.check();
  await goes.wire.closed;
  for (const again of [ofLost, { ...ofLost, session }]) {
    const { wire } = await secureWire(ports.everybody, again);
    await wire.closed;
    expect(wire.received).toEqual([]);
  }
  expect(await count('connectionsRefused', 'certificate-untrusted')).toBe(3);
  stays.wire.send({ cmd: 'pingreq' });
  expect(await stays.wire.next()).toMatchObject({ cmd: 'pingresp' });
});

test('an authority that its own authority revoked issues for nobody any more', async () => {
  const root = await Authority.make('Root');
  const lost = await root.subordinate('Lost');
  const { ports, ca, count, folder, tls } = await secureBroker({ devices: root });
  folder.write('devices.pem', root.pem() + lost.pem());
  folder.write('revoked.pem', await root.revoke([{ serial: lost.certificate.serialNumber }]));
  await tls.check();
  const { wire } = await secureWire(ports.everybody, { ca, ...withChain(await lost.issue({ dns: ['gate-1'] }), lost) });
  await wire.closed;
  expect(await count('connectionsRefused', 'certificate-untrusted')).toBe(1);
});

test('a certificate with a negative serial number harms nobody, and is revoked as any other', async () => {
  const devices = await Authority.make();
  const { ports, ca, count, folder, tls } = await secureBroker({ devices });
  const issued = await devices.issue({ dns: ['gate-1'], serial: '7b' });
  const options = { ca, ...asClient({ ...issued, cert: devices.withNegativeSerial(issued.cert) }) };
  const connected = await secureWire(ports.everybody, options);
  expect(await connected.wire.connect('gate-1')).toBe(0);
  folder.write('revoked.pem', devices.withNegativeSerial(await devices.revoke([issued])));
  await tls.check();
  await connected.wire.closed;
  expect(await count('connectionsRefused', 'certificate-revoked')).toBe(1);
});

test('a certificate that cannot be judged is refused, and the next device comes in', async () => {
  const devices = await Authority.make();
  const { tls, authority } = await tlsUnderTest({ devices });
  const refusalOf = () => {
    throw new Error('nobody thought of this');
  };
  const listen = { host: '127.0.0.1', port: 0 };
  const { broker, count } = await brokerUnderTest({}, deviceRights, [{ listen, tls: { ...tls, refusalOf } }]);
  const port = broker.secureAddresses()[0]?.port ?? 0;
  const ca = authority.pem();
  const { wire } = await secureWire(port, { ca, ...asClient(await devices.issue({ dns: ['gate-1'] })) });
  await wire.closed;
  expect(await count('connectionsRefused', 'certificate-untrusted')).toBe(1);
  expect(await (await secureWire(port, { ca })).wire.connect('gate-1')).toBe(0);
});

test('only a URI has parts: a slash in another name does not make it the name of somebody else', async () => {
  const devices = await Authority.make();
  const idsOf = async (names: { dns?: string[]; uri?: string[] }) =>
    deviceIdsOf(new X509Certificate((await devices.issue(names)).cert));
  expect(await idsOf({ dns: ['foo/gate-1', 'foo:gate-1'] })).toEqual(['foo/gate-1', 'foo:gate-1']);
  expect(await idsOf({ uri: ['urn:imei:gate-1', 'device://county/gate-2'] })).toEqual(['gate-1', 'gate-2']);
});

test('a list that nobody renewed refuses those that it names, and silences nobody else', async () => {
  const devices = await Authority.make();
  const { ports, ca, folder, tls } = await secureBroker({ devices });
  const [gone, stays] = [await devices.issue({ dns: ['gate-1'] }), await devices.issue({ dns: ['gate-2'] })];
  folder.write('revoked.pem', await devices.revoke([gone], { days: -3 }));
  await tls.check();
  const revoked = await secureWire(ports.everybody, { ca, ...asClient(gone) });
  await revoked.wire.closed;
  const { wire } = await secureWire(ports.everybody, { ca, ...asClient(stays) });
  expect(await wire.connect('gate-2')).toBe(0);
});

test('a new certificate is used for the next handshake, and no connection notices', async () => {
  const { ports, ca, folder, authority, tls, journal } = await secureBroker();
  const before = await secureWire(ports.everybody, { ca });
  await before.wire.connect('button-1');
  const renewed = await authority.issue({ name: 'broker', dns: ['localhost'], days: 90 });
  for (let id = 1; id <= 20; id++) {
    if (id === 10) {
      folder.install(renewed);
      await tls.check();
    }
    before.wire.send(publishPacket('up/button-1/status', String(id), id));
    expect(await before.wire.next()).toMatchObject({ cmd: 'puback', messageId: id });
  }
  expect(journal.kept).toHaveLength(20);
  const after = await secureWire(ports.everybody, { ca });
  const serials = [before, after].map(({ socket }) => socket.getPeerCertificate().serialNumber);
  expect(serials[1]).toBe(renewed.serial.toUpperCase().padStart(serials[1]?.length ?? 0, '0'));
  expect(serials[0]).not.toBe(serials[1]);
});

test('smoke detectors have a door of their own, and others are told that it is not theirs', async () => {
  const { ports, ca, count } = await secureBroker();
  const detector = await secureWire(ports.smokeDetectors, { ca });
  expect(await detector.wire.connect('smoke-1')).toBe(0);
  const button = await secureWire(ports.smokeDetectors, { ca });
  expect(await button.wire.connect('button-1')).toBe(5);
  await button.wire.closed;
  expect(await count('connectionsRefused', 'wrong-door')).toBe(1);
  // Who does not know the secret learns nothing of which device it is.
  for (const id of ['smoke-1', 'button-1', 'unknown-1']) {
    const stranger = await secureWire(ports.smokeDetectors, { ca });
    expect(await stranger.wire.connect(id, { password: Buffer.from('guess') })).toBe(4);
  }
});

test('a handshake that comes byte by byte ends in time, and one that never begins does', async () => {
  const { ports, count, ca } = await secureBroker({ limits: { handshakeMs: 150 } });
  const slow = openSocket({ port: ports.everybody, host: '127.0.0.1' });
  const silent = openSocket({ port: ports.everybody, host: '127.0.0.1' });
  const drip = setInterval(() => slow.write(Buffer.from([0x16])), 40);
  for (const socket of [slow, silent]) socket.on('error', () => {});
  await Promise.all([closing(slow), closing(silent)]);
  clearInterval(drip);
  expect(await count('connectionsRefused', 'handshake-timeout')).toBe(2);
  const { wire } = await secureWire(ports.everybody, { ca });
  expect(await wire.connect('button-1')).toBe(0);
});

test('a crowd behind one address holds up neither a device of another address nor a smoke detector', async () => {
  const { ports, ca } = await secureBroker({ limits: { handshakesPerSecond: 20 } });
  let served = 0;
  const join = () => void secureWire(ports.everybody, { ca }).then(() => served++, String);
  for (let one = 0; one < 200; one++) join();
  await vi.waitUntil(() => served >= 20);
  const other = await secureWire(ports.everybody, { ca, localAddress: '127.0.0.2' });
  expect(await other.wire.connect('button-1')).toBe(0);
  const detector = await secureWire(ports.smokeDetectors, { ca });
  expect(await detector.wire.connect('smoke-1')).toBe(0);
  expect(served).toBeLessThan(60);
});

test('a stop does not wait for a handshake that hangs', async () => {
  const { ports, broker, count } = await secureBroker();
  const silent = openSocket({ port: ports.everybody, host: '127.0.0.1' });
  silent.on('error', () => {});
  await once(silent, 'connect');
  silent.write(Buffer.from([0x16]));
  const closed = closing(silent);
  await broker.close();
  await closed;
  expect(await count('connectionsRefused', 'closing')).toBe(1);
});

test('who shook hands and says nothing is sent away in time', async () => {
  const { ports, count, ca } = await secureBroker({ limits: { connectMs: 80 } });
  const { wire } = await secureWire(ports.everybody, { ca });
  await wire.closed;
  expect(await count('connectionsRefused', 'connect-timeout')).toBe(1);
});

test('slow handshakes give way to a device that wants to come in', async () => {
  const { ports, count, ca } = await secureBroker({ limits: { connecting: 20, connectGraceMs: 50 } });
  const slow = Array.from({ length: 20 }, () => openSocket({ port: ports.everybody, host: '127.0.0.1' }));
  for (const socket of slow) {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
  }
  await Promise.all(slow.map((socket) => once(socket, 'connect')));
  const { wire } = await secureWire(ports.everybody, { ca });
  expect(await wire.connect('button-1')).toBe(0);
  expect(await count('connectionsRefused', 'gave-way')).toBe(1);
});

test('MQTT without TLS, HTTP and garbage at the door of TLS harm nobody', async () => {
  const { ports, count, ca, broker } = await secureBroker();
  for (const bytes of [
    Buffer.from('101000044d5154540402003c0000', 'hex'),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(5_000, 0x16),
  ]) {
    const socket = openSocket({ port: ports.everybody, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(bytes);
    await closing(socket);
  }
  expect(await count('connectionsRefused', 'handshake')).toBe(3);
  const { wire } = await secureWire(ports.everybody, { ca });
  expect(await wire.connect('button-1')).toBe(0);
  expect(broker.stats().connections).toBe(1);
});

test('of two connections of one device the newer one stays, and the journal hears nothing of it', async () => {
  const { ports, ca, journal, broker } = await secureBroker();
  const [older, newer] = [await secureWire(ports.everybody, { ca }), await secureWire(ports.everybody, { ca })];
  await older.wire.connect('button-1');
  await newer.wire.connect('button-1');
  await older.wire.closed;
  newer.wire.send(publishPacket('up/button-1/press', 'x', 3));
  expect(await newer.wire.next()).toMatchObject({ cmd: 'puback', messageId: 3 });
  expect(journal.kept.map(({ report }) => report)).toEqual(['press']);
  expect(broker.stats().connections).toBe(1);
});

test('a device that connects in a loop is told to wait, and a stranger in its name costs it nothing', async () => {
  const { ports, ca, count } = await secureBroker({
    limits: { connectsBurstPerDevice: 2, connectsPerMinutePerDevice: 60 },
  });
  for (let turn = 0; turn < 5; turn++) {
    const stranger = await secureWire(ports.everybody, { ca });
    expect(await stranger.wire.connect('button-1', { password: Buffer.from('guess') })).toBe(4);
  }
  const codes: (number | undefined)[] = [];
  for (let turn = 0; turn < 3; turn++)
    codes.push(await (await secureWire(ports.everybody, { ca })).wire.connect('button-1'));
  expect(codes).toEqual([0, 0, 3]);
  await vi.waitUntil(async () => (await count('connectionsRefused', 'device-rate')) === 1);
  expect(await (await secureWire(ports.everybody, { ca })).wire.connect('button-2')).toBe(0);
});
