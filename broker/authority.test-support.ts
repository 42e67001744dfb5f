import 'reflect-metadata';
import { KeyObject, sign, webcrypto } from 'node:crypto';
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
      extensions: ofAuthority(),
    });
    return new Authority(certificate, keys);
  }

  /** An authority for which this one vouches. */
  async subordinate(name: string): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...{ subject: `CN=${name}`, issuer: this.certificate.subject, serialNumber: '02', publicKey: keys.publicKey },
      ...{ signingKey: this.#keys.privateKey, signingAlgorithm: algorithm, ...span(100), extensions: ofAuthority() },
    });
    return new Authority(certificate, keys);
  }

  constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = certificate;
    this.#keys = keys;
  }

  async issue(options: {
    name?: string;
    dns?: string[];
    uri?: string[];
    days?: number;
    serial?: string;
  }): Promise<Issued> {
    const { name = 'device', dns = [], uri = [], days = 10, serial = (this.#serial++).toString(16) } = options;
    const keys = await newKeys();
    const names = [
      ...dns.map((value) => ({ type: 'dns' as const, value })),
      ...uri.map((value) => ({ type: 'url' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.certificate.subject,
      serialNumber: serial,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      ...span(days),
      extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    return { cert: `${certificate.toString('pem')}\n`, key: pem('PRIVATE KEY', key), serial: certificate.serialNumber };
  }

  async revoke(revoked: Pick<Issued, 'serial'>[], { days = 10 } = {}): Promise<string> {
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

  /** A certificate or list of this authority with the serial number -5 where it had 123 (7b): generators write no negative ones. */
  withNegativeSerial(text: string): string {
    const whole = Buffer.from(text.replaceAll(/-----[^-]+-----/g, ''), 'base64');
    const body = whole.subarray(headerOf(whole));
    const signed = Buffer.from(body.subarray(0, headerOf(body) + lengthOf(body)));
    signed[signed.indexOf(Buffer.from('02017b', 'hex')) + 2] = 0xfb;
    const signature = sign('sha256', signed, KeyObject.from(this.#keys.privateKey));
    const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
    const bits = element(0x03, Buffer.concat([Buffer.alloc(1), signature]));
    const label = /-----BEGIN ([^-]+)-----/.exec(text)?.[1] ?? '';
    return pem(label, element(0x30, Buffer.concat([signed, ecdsaWithSha256, bits])));
  }

  pem(): string {
    return `${this.certificate.toString('pem')}\n`;
  }
}

export type Issued = { cert: string; key: string; serial: string };

const ofAuthority = () => [
  new x509.BasicConstraintsExtension(true, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

/** How long an element of DER is without its header, and the header. */
const lengthOf = ([, first = 0, ...rest]: Buffer): number =>
  first < 0x80 ? first : Buffer.from(rest).readUIntBE(0, first & 0x7f);
const headerOf = ([, first = 0]: Buffer): number => (first < 0x80 ? 2 : 2 + (first & 0x7f));

function element(tag: number, body: Buffer): Buffer {
  const { length } = body;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), body]);
}

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
