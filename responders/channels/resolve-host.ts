import { promises } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** All addresses of a name. `signal` gives up the question. Errors: those of node:dns, for a name that has none. */
export type ResolveHost = (host: string, signal: AbortSignal) => Promise<string[]>;

/**
 * Asks the name servers themselves. Node's usual look-up runs in libuv's pool of four threads, where a few names whose
 * server does not answer would hold up everybody else. The price: /etc/hosts is not read; `localhost` is known.
 */
export const resolveHost: ResolveHost = async (host, signal) => {
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1'];
  // One resolver for each question, since only all questions of a resolver can be given up together.
  const resolver = new promises.Resolver({ timeout: 2_000, tries: 2 });
  const giveUp = () => resolver.cancel();
  signal.addEventListener('abort', giveUp);
  try {
    return await resolver.resolve4(host).catch((error: NodeJS.ErrnoException) => {
      // A name server that does not answer would not answer the second question either, and the next person waits for it.
      if (error.code === 'ETIMEOUT') throw error;
      return resolver.resolve6(host);
    });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
};

/** Names the cause where a connection was refused on our side. */
export const addressRefused = 'ADDRESS_REFUSED';

/**
 * The look-up of one request: it is done when a connection is made, and the connection goes to the addresses that were
 * checked here, so that a name cannot answer differently between the check and the connection.
 */
export function checkedLookup({ resolve, allowPrivate, signal }: LookupParts): LookupFunction {
  return (host, options, callback) => {
    resolve(host, signal).then(
      (addresses) => {
        const allowed = addresses.filter((address) => allowPrivate || isPublicAddress(address));
        const [first] = allowed;
        if (first === undefined)
          callback(Object.assign(new Error('no public address'), { code: addressRefused }), '', 4);
        else if (options.all)
          callback(
            null,
            allowed.map((address) => ({ address, family: isIP(address) })),
          );
        else callback(null, first, isIP(first));
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 4),
    );
  };
}
type LookupParts = { resolve: ResolveHost; allowPrivate: boolean; signal: AbortSignal };
