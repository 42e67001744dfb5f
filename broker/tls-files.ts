import { createHash, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { tlsUnusable } from '../platform/errors.ts';
import { writeSynced } from '../platform/key-file.ts';
import { isNamed, type RevocationList, readRevocationLists } from './revocation-list.ts';

/** Paths. The certificate's file holds its chain too; `clientAuthorities` lets devices in by certificate, less those in `revoked`. */
export type TlsFiles = {
  certificate: string;
  key: string;
  clientAuthorities?: string | undefined;
  revoked?: string | undefined;
};
type Contents = { certificate: Buffer; key: Buffer; clientAuthorities?: Buffer; revoked?: Buffer };

/** What the files hold, read and found to fit together. Instants are epoch milliseconds. */
export type TlsMaterial = {
  contents: Contents;
  /** Names the authorities, so that a session of others is not resumed. */
  print: string;
  /** Those that may have issued a device's certificate: all in the file, less those that a list names. */
  authorities: readonly X509Certificate[];
  revocations: readonly RevocationList[];
  /** When the first certificate of the chain ends. */
  expiresAt: number;
};

/** Errors: TLS_UNUSABLE, which names the file and what is wrong with it. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  return understand(await readContents(files), files);
}

/** Errors: TLS_UNUSABLE, which names the file that cannot be read. */
export async function readContents(files: TlsFiles): Promise<Contents> {
  const contents: Contents = { certificate: await read(files.certificate), key: await read(files.key) };
  if (files.clientAuthorities !== undefined) contents.clientAuthorities = await read(files.clientAuthorities);
  if (files.revoked !== undefined) contents.revoked = await read(files.revoked);
  return contents;
}

/** Changes when any of the files does. Links are followed: certificates are often exchanged by turning one. */
export async function stampOf(files: TlsFiles): Promise<string> {
  const paths = Object.values(files).filter((path) => path !== undefined);
  const stamps = paths.map((path) =>
    stat(path).then(
      ({ ino, size, ctimeMs }) => `${ino} ${size} ${ctimeMs}`,
      () => 'absent',
    ),
  );
  return (await Promise.all(stamps)).join(', ');
}

/** Writes down what is in use, in one file, so that a restart over files that do not fit has what worked before. */
export async function keepMaterial(path: string, { contents }: TlsMaterial): Promise<void> {
  const texts = Object.entries(contents).map(([name, bytes]) => [name, bytes.toString('base64')]);
  await writeSynced(path, Buffer.from(JSON.stringify(Object.fromEntries(texts))));
}

/** Nothing when nothing was kept, or when it does not answer what is asked for now. */
export async function keptMaterial(path: string, files: TlsFiles): Promise<TlsMaterial | undefined> {
  try {
    const texts: Record<string, string> = JSON.parse(await readFile(path, 'utf8'));
    const asked = Object.keys(files).filter((name) => files[name as keyof TlsFiles] !== undefined);
    if (asked.sort().join() !== Object.keys(texts).sort().join()) return undefined;
    const contents = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
    return understand(Object.fromEntries(contents), files);
  } catch {
    return undefined;
  }
}

/** Errors: TLS_UNUSABLE, which names the file and what is wrong with it. */
export function understand(contents: Contents, files: TlsFiles): TlsMaterial {
  const { certificate, key, clientAuthorities, revoked } = contents;
  const chain = readCertificates(certificate, files.certificate);
  const pair = { cert: certificate, key, ...(clientAuthorities && { ca: clientAuthorities }) };
  attempt(`${files.key} is not the key of ${files.certificate}`, () => createSecureContext(pair));
  const authorities = clientAuthorities ? readCertificates(clientAuthorities, files.clientAuthorities) : [];
  const revocations = revoked ? attempt(`${files.revoked}`, () => readRevocationLists(revoked, authorities)) : [];
  return {
    contents,
    print: createHash('sha256')
      .update(clientAuthorities ?? '')
      .digest('hex'),
    authorities: authorities.filter((authority) => !isNamed(revocations, authority)),
    revocations,
    expiresAt: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
  };
}

function read(path: string): Promise<Buffer> {
  return readFile(path).catch((cause) => {
    throw tlsUnusable({ cause }, `cannot read ${path} (${cause.code})`);
  });
}

function readCertificates(bytes: Buffer, path: string | undefined): X509Certificate[] {
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw tlsUnusable({}, `${path} holds no certificate in PEM`);
  return blocks.map((block) => attempt(`${path} holds a broken certificate`, () => new X509Certificate(block)));
}

function attempt<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw tlsUnusable({ cause }, `${what}: ${(cause as Error).message}`);
  }
}
