import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { isAddressOrNetwork } from '../platform/address-list.ts';
import { silentLog } from '../platform/log.ts';
import { ask, openDesk, password, standInAlarm } from './desk.test-support.ts';
import { createProxies } from './proxies.ts';
import { isPrivate } from './sign-in/session-cookie.ts';

/** What a server takes a request for that comes from there. */
async function behind(trusted: string[]) {
  const errors: object[] = [];
  const log = { ...silentLog, error: (fields: object) => void errors.push(fields) };
  const proxies = createProxies({ trusted, log });
  const server = Fastify({ trustProxy: proxies.isTrusted });
  server.addHook('onRequest', proxies.warnOfStranger);
  server.get('/', async (request) => ({ ip: request.ip, isPrivate: isPrivate(request) }));
  const headers = { 'x-forwarded-for': '203.0.113.5', 'x-forwarded-proto': 'https' };
  const from = async (remoteAddress: string) => (await server.inject({ url: '/', remoteAddress, headers })).json();
  return { from, errors };
}

test('a proxy that is named speaks for whoever is behind it, from a container as from this machine', async () => {
  const { from, errors } = await behind(['172.31.84.1', '10.0.0.0/24', 'fd00::/8']);
  for (const proxy of ['172.31.84.1', '::ffff:172.31.84.1', '10.0.0.77', 'fd00::7', '127.0.0.1', '127.0.0.9', '::1'])
    expect(await from(proxy), proxy).toEqual({ ip: '203.0.113.5', isPrivate: true });
  expect(errors).toEqual([]);
});

test('what a stranger says about himself is not believed, and the log names him once', async () => {
  const { from, errors } = await behind(['172.31.84.1']);
  for (const stranger of ['172.31.84.2', '10.0.0.77', '2001:db8::1'])
    expect(await from(stranger), stranger).toEqual({ ip: stranger, isPrivate: false });
  expect(errors).toEqual([{ from: '172.31.84.2' }]);
});

test('an address is one with all of its parts, a network has as many bits as there are', () => {
  for (const right of ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/128'])
    expect(isAddressOrNetwork(right), right).toBe(true);
  for (const wrong of ['', 'proxy', '10.0.0', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/8', '::/129', '10.0.0.0/'])
    expect(isAddressOrNetwork(wrong), wrong).toBe(false);
});

test('a sign-in is told by the address for which a named proxy speaks', async () => {
  const from: unknown[] = [];
  const log = { ...silentLog, info: (fields: object) => void ('from' in fields && from.push(fields.from)) };
  const listen = { host: '127.0.0.1', port: 0 };
  for (const trustedProxies of [['172.31.84.1'], []]) {
    const api = await openDesk(standInAlarm(), { log, listen: { ...listen, trustedProxies } });
    const headers = { 'x-forwarded-for': '203.0.113.5, 172.31.84.1' };
    await ask(api, 'POST', '/session', { body: { account: 'li', password }, headers });
    await api.close();
  }
  expect(from).toEqual(['203.0.113.5', '172.31.84.1']);
});
