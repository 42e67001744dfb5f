import { verify, type X509Certificate } from 'node:crypto';

/** Which certificates of one authority are revoked. Serial numbers are hexadecimal; instants are epoch milliseconds. */
export type RevocationList = { authority: X509Certificate; serials: ReadonlySet<string>; nextUpdateAt: number };

/**
 * Reads revocation lists (RFC 5280, section 5), in PEM or DER. OpenSSL could judge them in the handshake, but there a list that is out
 * of date makes every certificate wrong, and hides which ones it names: a list that nobody renewed would silence a county.
 * Read here, it goes on refusing those that it names, and nobody else.
 * Errors: an Error that says why it is not the list of any of the authorities.
 */
export function readRevocationLists(bytes: Buffer, authorities: readonly X509Certificate[]): RevocationList[] {
  const text = bytes.toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN (?:X509 )?CRL-----([A-Za-z0-9+/=\s]+)-----END/g)];
  const lists = blocks.length > 0 ? blocks.map(([, block = '']) => Buffer.from(block, 'base64')) : [bytes];
  return lists.map((list) => readOne(list, authorities));
}

/** As lists are read: without zeros in front, and with its sign, which RFC 5280 forbids and authorities write all the same. */
export function serialOf({ serialNumber }: Pick<X509Certificate, 'serialNumber'>): string {
  const [, sign = '', digits = ''] = /^(-?)([0-9a-f]+)$/i.exec(serialNumber) ?? [];
  return sign + BigInt(`0x${digits}`).toString(16);
}

/** Whether one of the lists names it. */
export function isNamed(lists: readonly RevocationList[], certificate: X509Certificate): boolean {
  const serial = serialOf(certificate);
  return lists.some(({ authority, serials }) => serials.has(serial) && certificate.checkIssued(authority));
}

function readOne(bytes: Buffer, authorities: readonly X509Certificate[]): RevocationList {
  const [signed, algorithm, signature] = childrenOf(elementAt(bytes, 0, SEQUENCE));
  if (signed === undefined || algorithm === undefined || signature?.tag !== BIT_STRING) throw malformed();
  const oid = childrenOf(algorithm)[0]?.body.toString('hex') ?? '';
  if (!Object.hasOwn(digests, oid)) throw new Error('is signed in a way that is not known here: use ECDSA or RSA');
  const digest = digests[oid] ?? null;
  const authority = authorities.find(({ publicKey }) => {
    try {
      return verify(digest, signed.whole, publicKey, signature.body.subarray(1));
    } catch {
      return false; // a key of another kind, which cannot have made such a signature
    }
  });
  if (authority === undefined) throw new Error('is signed by none of the client authorities');
  return { authority, ...readSigned(childrenOf(signed)) };
}

/** `TBSCertList`: version, algorithm, issuer, this update, then up to three optional parts. */
function readSigned(parts: Element[]): Pick<RevocationList, 'serials' | 'nextUpdateAt'> {
  const [nextUpdate, ...rest] = parts.slice(parts[0]?.tag === INTEGER ? 4 : 3);
  const hasNext = nextUpdate?.tag === UTC_TIME || nextUpdate?.tag === GENERALIZED_TIME;
  const revoked = [nextUpdate, ...rest].find((part) => part?.tag === SEQUENCE);
  const extensions = [nextUpdate, ...rest].find((part) => part?.tag === EXTENSIONS);
  for (const extension of extensions ? childrenOf(elementAt(extensions.body, 0, SEQUENCE)) : []) {
    if (childrenOf(extension)[1]?.tag === BOOLEAN)
      throw new Error('is a part of a list only (a critical extension): use a full one');
  }
  const serials = (revoked ? childrenOf(revoked) : []).map((entry) => {
    const serial = childrenOf(entry)[0];
    if (serial?.tag !== INTEGER) throw malformed();
    return BigInt.asIntN(serial.body.length * 8, BigInt(`0x${serial.body.toString('hex')}`)).toString(16);
  });
  return { serials: new Set(serials), nextUpdateAt: hasNext ? instantOf(nextUpdate) : Number.POSITIVE_INFINITY };
}

/** RFC 5280: `YYMMDDHHMMSSZ` from 1950 to 2049, or `YYYYMMDDHHMMSSZ`. */
function instantOf({ tag, body }: Element): number {
  const text = body.toString('latin1');
  const century = Number(text.slice(0, 2)) < 50 ? '20' : '19';
  const full = tag === UTC_TIME ? century + text : text;
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at)) throw malformed();
  return at;
}

type Element = { tag: number; body: Buffer; whole: Buffer };

/** One element of DER: tag, definite length, body. */
function elementAt(bytes: Buffer, at: number, expected?: number): Element {
  const [tag, first] = bytes.subarray(at, at + 2);
  if (tag === undefined || first === undefined || (expected !== undefined && tag !== expected)) throw malformed();
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthBytes;
  if (first === 0x80 || lengthBytes > 4 || start > bytes.length) throw malformed();
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  if (start + length > bytes.length) throw malformed();
  return { tag, body: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

function childrenOf({ body }: Element): Element[] {
  const children: Element[] = [];
  for (let at = 0; at < body.length; ) {
    const child = elementAt(body, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

const malformed = () => new Error('is no certificate revocation list');
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const EXTENSIONS = 0xa0;
/** Object identifiers of signatures, and the digest of each; Ed25519 has its own. */
const digests: Record<string, string | null> = {
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2b6570': null,
};
