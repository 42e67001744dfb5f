import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** An authority that makes certificates as a test wants them. `days` may be negative: it ran out that long ago. */
export class Authority {
  readonly certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;
  #serial = 0x1000;

  static async make(name = 'Devices'): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...{ name: `CN=${name}`, keys, signingAlgorithm: algorithm, serialNumber: '01' },
      ...span(100),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(certificate, keys);
  }

  constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = certificate;
    this.#keys = keys;
  }

  async issue(options: { name?: string; dns?: string[]; uri?: string[]; days?: number }): Promise<Issued> {
    const { name = 'device', dns = [], uri = [], days = 10 } = options;
    const keys = await newKeys();
    const names = [
      ...dns.map((value) => ({ type: 'dns' as const, value })),
      ...uri.map((value) => ({ type: 'url' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.certificate.subject,
      serialNumber: (this.#serial++).toString(16),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      ...span(days),
      extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    return { cert: certificate.toString('pem'), key: pem('PRIVATE KEY', key), serial: certificate.serialNumber };
  }

  async revoke(revoked: Issued[], { days = 10 } = {}): Promise<string> {
    const { notBefore, notAfter } = span(days);
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate: notBefore,
      nextUpdate: notAfter,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      entries: revoked.map(({ serial }) => ({ serialNumber: serial, revocationDate: notBefore })),
    });
    return list.toString('pem');
  }

  pem(): string {
    return this.certificate.toString('pem');
  }
}

export type Issued = { cert: string; key: string; serial: string };

const newKeys = () =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

function span(days: number): { notBefore: Date; notAfter: Date } {
  const end = Date.now() + days * DAY_MS;
  return { notBefore: new Date(end - 101 * DAY_MS), notAfter: new Date(end) };
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
