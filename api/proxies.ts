import type { FastifyRequest } from 'fastify';
import { addressList, loopback } from '../platform/address-list.ts';
import type { Log } from '../platform/log.ts';

/**
 * Who may say for whom they speak, by `X-Forwarded-For` and `-Proto`: proxies on this machine, and those that are named, each an address or
 * a network like `172.31.84.1` or `10.0.0.0/24`. What anybody else says so is not believed.
 */
export function createProxies({ trusted, log }: { trusted: readonly string[]; log: Log }) {
  const isTrusted = addressList([...loopback, ...trusted]);
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
