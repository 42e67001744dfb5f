import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/**
 * What a handshake proved: the connection speaks for one of these devices, and needs no password. `salt` is that of the credential from
 * which a pre-shared key follows: with a new credential the proof ends.
 */
export type Proof = { deviceIds: readonly string[]; certificate?: X509Certificate; salt?: string };
export type CertificateRefusal = 'certificate-untrusted' | 'certificate-revoked' | 'certificate-expired';
/** Nothing at all is proved by a handshake without a certificate: the password comes with CONNECT. */
export type Judgement = { proof?: Proof } | { refused: CertificateRefusal | 'no-identity' };

/**
 * Judges the certificate of a connection, also of one that resumed a session: OpenSSL remembers the verdict of the first handshake then,
 * and knows nothing of what was revoked or ran out since.
 */
export function judgeCertificate(
  socket: TLSSocket,
  parts: { now: number; refusalOf(certificate: X509Certificate): CertificateRefusal | undefined },
): Judgement {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return {};
  if (Date.parse(certificate.validTo) < parts.now) return { refused: 'certificate-expired' };
  if (!socket.authorized) return { refused: 'certificate-untrusted' };
  const refused = parts.refusalOf(certificate);
  if (refused) return { refused };
  return { proof: { deviceIds: deviceIdsOf(certificate), certificate } };
}

/**
 * Whom a certificate names: its alternative names `DNS:{id}`, or `URI:` whose last part is the id (`urn:imei:{id}`); without
 * any of these kinds its common name, as RFC 6125 has it.
 */
export function deviceIdsOf(certificate: X509Certificate): string[] {
  // Node puts what could be taken for two names into quotation marks, which no device id has.
  const names = (certificate.subjectAltName ?? '').split(', ').filter((name) => /^(DNS|URI):/.test(name));
  if (names.length > 0) return names.map(idIn).filter((id) => id !== '');
  const { CN } = certificate.toLegacyObject().subject;
  return typeof CN === 'string' ? [CN] : [];
}

function idIn(name: string): string {
  const value = name.slice(4);
  return name.startsWith('URI:') ? (value.split(/[:/]/).at(-1) ?? '') : value;
}
