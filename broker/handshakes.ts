import type { Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { BrokerLimits } from './limits.ts';
import type { Tls } from './tls.ts';
import { type Judgement, judgeCertificate, type Proof } from './tls-identity.ts';
import { pskDoor } from './tls-psk.ts';

/** Shakes hands with a connection that was let in; what fails is cut and counted here. */
export type Handshakes = { begin(raw: Socket, done: Done): void };
type Done = (socket: TLSSocket, proof?: Proof) => void;
/** Whose keys they are. */
export type DeviceKeys = Omit<Parameters<typeof pskDoor>[0], 'onIdentity'>;

export type HandshakeParts = { limits: BrokerLimits; clock: Clock; metrics: Metrics; log: Log };

/** With a certificate of the broker, and with those of devices when their authorities are known. */
export function certificateHandshakes(tls: Tls, parts: HandshakeParts): Handshakes {
  const options = { ...tls.context(), requestCert: tls.asksForCertificates(), rejectUnauthorized: false };
  const { server, begin } = handshakes(options, parts, (socket) =>
    judgeCertificate(socket, { now: parts.clock.now(), refusalOf: tls.refusalOf }),
  );
  // What stands goes on; the next handshake uses what is new.
  tls.onChange(() => server.setSecureContext(tls.context()));
  return { begin };
}

/** With the pre-shared key of a device, which is its proof. */
export function pskHandshakes(keys: DeviceKeys, parts: HandshakeParts): Handshakes {
  const proofs = new WeakMap<TLSSocket, Proof>();
  const options = pskDoor({
    ...keys,
    onIdentity: (socket, { deviceId, salt }) => proofs.set(socket, { deviceIds: [deviceId], salt }),
  });
  return handshakes(options, parts, (socket) => {
    const proof = proofs.get(socket);
    return proof === undefined ? { refused: 'no-identity' } : { proof };
  });
}

function handshakes(options: TlsOptions, parts: HandshakeParts, judge: (socket: TLSSocket) => Judgement) {
  const { limits, clock, metrics, log } = parts;
  const server = createServer(options);
  const pending = new WeakMap<object, Done>();
  const refuse = (reason: string, socket: Socket, error?: Error) => {
    metrics.connectionsRefused.inc({ reason });
    log.debug({ reason, err: error, address: socket.remoteAddress }, 'handshake refused');
  };

  const judged = (socket: TLSSocket): Judgement => {
    try {
      return judge(socket);
    } catch (error) {
      // A certificate is what a stranger says: one that cannot be judged must not end the process.
      log.debug({ err: error }, 'a handshake could not be judged');
      return { refused: 'certificate-untrusted' };
    }
  };

  server.on('secureConnection', (socket) => {
    const judgement = judged(socket);
    if (!('refused' in judgement)) return pending.get(beneath(socket))?.(socket, judgement.proof);
    refuse(judgement.refused, socket);
    socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    // A network that went away is nobody's fault.
    if ('code' in error && gone.has(String(error.code))) return;
    refuse('handshake', socket, error);
    socket.destroy();
  });

  return {
    server,
    begin(raw: Socket, done: Done): void {
      // Node's own limit begins anew with every byte.
      const cancel = clock.after(limits.handshakeMs, () => {
        metrics.connectionsRefused.inc({ reason: 'handshake-timeout' });
        raw.destroy();
      });
      raw.once('close', cancel);
      pending.set(raw, (socket, proof) => {
        cancel();
        raw.off('close', cancel);
        done(socket, proof);
      });
      server.emit('connection', raw);
    },
  };
}

/** The connection that a secured one was made of. Node 24 has no public name for it, and without it no test of TLS passes. */
const beneath = (socket: TLSSocket): object => (socket as TLSSocket & { _parent: Socket })._parent;

const gone = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED']);
