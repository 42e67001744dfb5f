import { readFileSync } from 'node:fs';

/** How a simulated device proves itself and its broker over `mqtts://`, as options of a command. */
export const tlsArguments = {
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  psk: { type: 'string' },
} as const;

/**
 * `ca`, `cert` and `key` are paths of PEM files, `psk` is hexadecimal. A broker with pre-shared keys shows no certificate: that it
 * has the same key is the proof.
 * Errors: a file that cannot be read.
 */
export function tlsOptionsOf(
  deviceId: string,
  {
    ca,
    cert,
    key,
    psk,
  }: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined; psk?: string | undefined },
) {
  const shared = psk === undefined ? undefined : Buffer.from(psk, 'hex');
  return {
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(cert !== undefined && { cert: readFileSync(cert) }),
    ...(key !== undefined && { key: readFileSync(key) }),
    ...(shared && {
      ciphers: 'ECDHE-PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256',
      maxVersion: 'TLSv1.2' as const,
      pskCallback: () => ({ psk: shared, identity: deviceId }),
      checkServerIdentity: () => undefined,
    }),
  };
}

export type DeviceTls = ReturnType<typeof tlsOptionsOf>;
