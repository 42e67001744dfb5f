import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** What a handshake proved: the connection speaks for one of these devices, and needs no password. */
export type Proof = { deviceIds: readonly string[]; certificate?: X509Certificate };
/** Nothing at all is proved by a handshake without a certificate: the password comes with CONNECT. */
export type Judgement =
  | { proof?: Proof }
  | { refused: 'certificate-untrusted' | 'certificate-revoked' | 'certificate-expired' };

/**
 * Judges the certificate of a connection, also of one that resumed a session: OpenSSL remembers the verdict of the first handshake then,
 * and knows nothing of what was revoked or ran out since.
 */
export function judgeCertificate(
  socket: TLSSocket,
  { now, isRevoked }: { now: number; isRevoked(certificate: X509Certificate): boolean },
): Judgement {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return {};
  if (Date.parse(certificate.validTo) < now) return { refused: 'certificate-expired' };
  if (!socket.authorized) return { refused: 'certificate-untrusted' };
  if (isRevoked(certificate)) return { refused: 'certificate-revoked' };
  return { proof: { deviceIds: deviceIdsOf(certificate), certificate } };
}

/**
 * Whom a certificate names: its alternative names `DNS:{id}`, or `URI:` whose last part is the id (`urn:imei:{id}`); without
 * any of these kinds its common name, as RFC 6125 has it.
 */
export function deviceIdsOf(certificate: X509Certificate): string[] {
  // Node puts what could be taken for two names into quotation marks, which no device id has.
  const names = (certificate.subjectAltName ?? '').split(', ').filter((name) => /^(DNS|URI):/.test(name));
  if (names.length > 0) return names.map((name) => name.slice(4).split(/[:/]/).at(-1) ?? '').filter((id) => id !== '');
  const { CN } = certificate.toLegacyObject().subject;
  return typeof CN === 'string' ? [CN] : [];
}
