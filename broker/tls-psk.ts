import { constants, createHmac } from 'node:crypto';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { isDeviceId } from '../firmware-contracts/topics.ts';
import type { StoredCredential } from './credentials.ts';

/**
 * The pre-shared key of a device, 32 bytes, beside its secret: it follows from the pepper and the credential's salt, so that nothing more is
 * kept, the journal alone gives it to nobody, and a new credential ends it.
 */
export function pskOf(parts: { deviceId: string; salt: string; pepper: Uint8Array }): Buffer {
  const { deviceId, salt, pepper } = parts;
  return createHmac('sha256', pepper).update(`tls-psk\0${deviceId}\0${salt}`).digest();
}

/**
 * How a door for small devices shakes hands: TLS 1.2 and 1.3 with a pre-shared key, the identity is the device id, and the device needs
 * neither a certificate's parser nor a password. No tickets: a resumed session would not say whose it is, and there is little to spare.
 * An unknown identity gets a key that nobody has, so that it fails as a wrong key does.
 */
export function pskDoor(parts: {
  device(id: string): { credential?: StoredCredential | undefined } | undefined;
  pepper: Uint8Array;
  /** Called with each identity that is tried, and the salt of its key; the last one before the handshake ends is the one that is proved. */
  onIdentity(socket: TLSSocket, identity: { deviceId: string; salt: string }): void;
}): TlsOptions {
  const { device, pepper, onIdentity } = parts;
  return {
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    // With forward secrecy first; the plain ones are what the smallest stacks and modules with AT commands have. The level lets in the
    // short tag of CCM-8, which LwM2M asks for; there are no certificates here that it could weaken.
    ciphers: [
      'TLS_AES_128_GCM_SHA256',
      'ECDHE-PSK-CHACHA20-POLY1305',
      'PSK-AES128-GCM-SHA256',
      'PSK-AES128-CCM',
      'ECDHE-PSK-AES128-CBC-SHA256',
      'PSK-AES128-CCM8',
      'PSK-AES128-CBC-SHA256',
      '@SECLEVEL=0',
    ].join(':'),
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
    sessionIdContext: 'steppewatch psk',
    pskCallback(socket, identity) {
      if (!isDeviceId(identity)) return null;
      const salt = device(identity)?.credential?.salt ?? 'nobody';
      onIdentity(socket as TLSSocket, { deviceId: identity, salt });
      return pskOf({ deviceId: identity, salt, pepper });
    },
  };
}
