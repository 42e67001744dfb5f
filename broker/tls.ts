import { constants, type X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import { isNamed } from './revocation-list.ts';
import type { TlsFiles, TlsMaterial } from './tls-files.ts';
import type { CertificateRefusal } from './tls-identity.ts';
import { TlsInUse } from './tls-in-use.ts';
import { openTicketKeys, ticketLifeSeconds } from './tls-tickets.ts';

/** What the doors need of TLS: it changes while they are open. A connection that stands ends only when its certificate is refused. */
export type Tls = {
  context(): SecureContextOptions;
  /** Whether devices are asked for a certificate. */
  asksForCertificates(): boolean;
  /** Why a certificate that OpenSSL took is refused all the same. */
  refusalOf(certificate: X509Certificate): CertificateRefusal | undefined;
  /** Called after each change of the files or of the tickets' key. */
  onChange(run: () => void): void;
  /** Looks at the files now; else it happens every ten seconds. */
  check(): Promise<void>;
  close(): void;
};

/**
 * Reads certificate, key, client authorities and revocation list, and follows them: files that changed and fit together are used for
 * the next handshake, files that do not are refused, loudly, and what was in use stays in use, after a restart too.
 * Errors: TLS_UNUSABLE when they do not fit together at the first start.
 */
export async function openTls(parts: TlsParts): Promise<Tls> {
  const { files, clock } = parts;
  const tickets = await openTicketKeys({ ...parts, folder: parts.keysFolder });
  const inUse = await TlsInUse.open(parts);
  let listeners: (() => void)[] = [];
  let cancel = () => {};
  let isClosed = false;

  async function check(): Promise<void> {
    const changed = await inUse.follow();
    const renewed = await tickets.renewIfDue();
    if (isClosed) return;
    if (changed || renewed) for (const run of listeners) run();
    inUse.sayWhatEnds();
  }

  function repeat(): void {
    cancel = clock.after(CHECK_MS, () => {
      void check().finally(() => isClosed || repeat());
    });
  }

  repeat();
  return {
    context: () => contextOf(inUse.material(), tickets.keysFor(inUse.material().print)),
    asksForCertificates: () => files.clientAuthorities !== undefined,
    refusalOf: (certificate) => refusalOf(inUse.material(), certificate),
    onChange(run) {
      listeners = [...listeners, run];
    },
    check,
    close() {
      isClosed = true;
      cancel();
    },
  };
}

export type TlsParts = {
  files: TlsFiles;
  /** Where the key of session tickets is kept. */
  keysFolder: string;
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics: Metrics;
};

/**
 * A device sends its intermediate authority along, so that one which was taken out of the file would go on for OpenSSL for as long as its root
 * is there. Who issued the certificate has to be in the file itself.
 */
function refusalOf(material: TlsMaterial, certificate: X509Certificate): CertificateRefusal | undefined {
  const { authorities, revocations } = material;
  if (isNamed(revocations, certificate)) return 'certificate-revoked';
  const isIssued = authorities.some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  return isIssued ? undefined : 'certificate-untrusted';
}

function contextOf(material: TlsMaterial, ticketKeys: Buffer): SecureContextOptions & { ticketKeys: Buffer } {
  const { certificate: cert, key, clientAuthorities } = material.contents;
  // As they were read here: OpenSSL stops without a word where two of them were joined without a line break.
  const ca = material.authorities.map(String);
  return { cert, key, ...(clientAuthorities && { ca }), ticketKeys, ...modernTls };
}

/**
 * TLS 1.2 and 1.3 with forward secrecy and authenticated encryption alone, AES-128 first: it is what small devices do in hardware. Nobody
 * may start a second handshake within a connection, which costs us more than them.
 */
export const modernTls = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-RSA-AES256-GCM-SHA384',
  ].join(':'),
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  sessionIdContext: 'steppewatch',
  sessionTimeout: ticketLifeSeconds,
} as const;

const CHECK_MS = 10_000;
