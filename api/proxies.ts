import { BlockList, isIP, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Log } from '../platform/log.ts';

/**
 * Who may say for whom they speak, by `X-Forwarded-For` and `-Proto`: proxies on this machine, and those that are named, each an address or
 * a network like `172.31.84.1` or `10.0.0.0/24`. What anybody else says so is not believed.
 */
export function createProxies({ trusted, log }: { trusted: readonly string[]; log: Log }) {
  const list = new BlockList();
  for (const one of [...loopback, ...trusted]) {
    const [address = '', bits] = one.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string | undefined): boolean =>
    address !== undefined && isIP(address) !== 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  let isSaid = false;
  return {
    isTrusted,
    /** A proxy that nobody named would put everybody behind it under one address, and one guesser would lock all of them out. */
    async warnOfStranger({ headers, socket }: FastifyRequest) {
      const from = socket.remoteAddress;
      if (isSaid || headers['x-forwarded-for'] === undefined || isTrusted(from)) return;
      isSaid = true;
      log.error({ from }, 'a proxy that is not trusted speaks for others: name it in STEPPEWATCH_HTTP_TRUSTED_PROXIES');
    },
  };
}

export type Proxies = ReturnType<typeof createProxies>;

const loopback = ['127.0.0.0/8', '::1'];

/** Whether it is an address, or a network with as many bits as it may have. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
