import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { addressOf } from './listen.ts';
import { secureBroker, secureWire } from './secure-broker.test-support.ts';

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1'],
  ['2001:db8:1:ffff::9', '2001:db8:1'],
  ['2001:db8::9', '2001:db8:0'],
  ['::1', '0:0:0'],
  ['fe80::1:2%eth0', 'fe80:0:0'],
])('%s counts as %s', (remoteAddress, counted) => {
  expect(addressOf({ remoteAddress })).toBe(counted);
});

test('a handshake that goes on slowly keeps its place, and one that is silent gives it to who waits', async () => {
  const { ports, ca } = await secureBroker({ limits: { connecting: 2, connectGraceMs: 100 } });
  const open = async () => {
    const socket = connect({ port: ports.everybody, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const slow = await open();
  slow.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  const drip = setInterval(() => slow.write(Buffer.alloc(1)), 20);
  onTestFinished(() => clearInterval(drip));
  const silent = await open();
  const silentIsGone = new Promise((resolve) => silent.once('close', resolve));
  const { wire } = await secureWire(ports.everybody, { ca });
  expect(await wire.connect('button-1')).toBe(0);
  await silentIsGone;
  expect(slow.closed).toBe(false);
});
