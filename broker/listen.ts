import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { listenFailed } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Admission, Place } from './admission.ts';
import type { Handshakes } from './handshakes.ts';
import { Cut } from './packet-guards.ts';
import type { Proof } from './tls-identity.ts';

export type Address = { host: string; port: number };
/** Where connections come in; `handshakes` makes it a door with TLS. A door that is `only` for some devices lets them in before others. */
export type Door = { listen: Address; handshakes?: Handshakes; only?: Only | undefined };
type Only = (deviceId: string) => boolean;
/** A connection that was let in, and shook hands where that is asked. */
export type Arrival = { socket: Socket | TLSSocket; place: Place; only?: Only | undefined; proof?: Proof | undefined };
export type OpenDoor = { address: Address; close(): Promise<void> };

/**
 * Opens one address. A connection waits unread until the admission lets it in.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 */
export async function openDoor(door: Door, parts: DoorParts): Promise<OpenDoor> {
  const { log } = parts;
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => accept(socket, door, parts));
  const { host, port } = door.listen;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailed({ cause }, `${host}:${port}`, cause.message)));
    server.listen({ host, port, backlog: 4096 }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', (error) => log.error({ err: error }, 'a connection could not be accepted'));
  return {
    address: { host, port: (server.address() as AddressInfo).port },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

export type DoorParts = {
  admission: Admission;
  metrics: Metrics;
  log: Log;
  welcome(arrival: Arrival): void;
};

function accept(socket: Socket, { handshakes, only }: Door, { admission, metrics, welcome }: DoorParts): void {
  // What ends a connection is counted where it is known; a socket without any listener would end the process.
  socket.on('error', () => {});
  let arrived: Socket | undefined;
  const place = admission.ask({
    address: addressOf(socket),
    first: only !== undefined,
    handshake: handshakes !== undefined,
    heard: () => socket.bytesRead,
    enter(place) {
      const arrive = (ready: Socket | TLSSocket, proof?: Proof) => {
        arrived = ready;
        welcome({ socket: ready, place, only, proof });
      };
      if (handshakes) handshakes.begin(socket, arrive);
      else arrive(socket);
    },
    sendAway(reason) {
      // Whoever was welcomed is counted with the reason of its end.
      if (arrived === undefined) metrics.connectionsRefused.inc({ reason });
      (arrived ?? socket).destroy(new Cut(reason, 'others needed its place'));
    },
  });
  socket.once('close', place.leave);
}

/**
 * Who counts as one: an IPv4 address, or 48 bits of an IPv6 address. Anybody who rents a server or a line is given up to that, and with
 * each of its 65,536 networks as one would be a crowd of its own. Devices of an operator share it as they share an IPv4 address.
 */
export function addressOf({ remoteAddress = '' }: { remoteAddress?: string | undefined }): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress)?.[1];
  if (mapped !== undefined || !remoteAddress.includes(':')) return mapped ?? remoteAddress;
  const [before = '', after] = remoteAddress.split('%')[0]?.split('::') ?? [];
  const [head, tail] = [before, after ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from(
    { length: after === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0) },
    () => '0',
  );
  return [...(head ?? []), ...zeros, ...(tail ?? [])].slice(0, 3).join(':');
}
