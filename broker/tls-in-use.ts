import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import {
  keepMaterial,
  keptMaterial,
  readContents,
  readTlsFiles,
  stampOf,
  type TlsFiles,
  type TlsMaterial,
  understand,
} from './tls-files.ts';

type InUseParts = {
  files: TlsFiles;
  /** Where a copy of what is in use is kept. */
  keysFolder: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

/** What of the operator's files is in use: the latest that fitted together, across a restart too. */
export class TlsInUse {
  readonly #parts: InUseParts;
  #stamp: string;
  #material: TlsMaterial;
  #refused = '';
  #saidAt = Number.NEGATIVE_INFINITY;

  /** Errors: TLS_UNUSABLE when the files do not fit together, and never did. */
  static async open(parts: InUseParts): Promise<TlsInUse> {
    const stamp = await stampOf(parts.files);
    const inUse = await readTlsFiles(parts.files).then(
      async (fit) => new TlsInUse(parts, { stamp, material: await use(fit, parts) }),
      async (error) => {
        const material = await keptMaterial(copyIn(parts.keysFolder), parts.files);
        if (material === undefined) throw error;
        const kept = new TlsInUse(parts, { stamp: UNREAD, material });
        kept.#refuse(error, stamp);
        return kept;
      },
    );
    inUse.sayWhatEnds();
    return inUse;
  }

  constructor(parts: InUseParts, { stamp, material }: { stamp: string; material: TlsMaterial }) {
    this.#parts = parts;
    this.#stamp = stamp;
    this.#material = material;
  }

  material(): TlsMaterial {
    return this.#material;
  }

  /** True when new files are in use. Files that do not fit together are refused, and what was in use stays in use. */
  async follow(): Promise<boolean> {
    const { files, log } = this.#parts;
    const now = await stampOf(files);
    if (now === this.#stamp) return false;
    // What could not be read is read again the next time, whether it changes or not: files and disks fail in passing.
    this.#stamp = UNREAD;
    try {
      const contents = await readContents(files);
      // A certificate is written before or after its key: what does not fit yet is read again when it changes.
      this.#stamp = now;
      this.#material = await use(understand(contents, files), this.#parts);
      this.#refused = '';
    } catch (error) {
      this.#refuse(error, now);
      return false;
    }
    log.info({ expiresAt: new Date(this.#material.expiresAt).toISOString() }, 'new files for TLS are in use');
    return true;
  }

  /** The same of the same files is said once. */
  #refuse(error: unknown, stamp: string): void {
    const { log, metrics } = this.#parts;
    metrics.tlsFilesRefused.set(1);
    const refused = `${stamp} ${error}`;
    if (refused !== this.#refused) log.error({ err: error }, 'the files for TLS cannot be used: those before are kept');
    this.#refused = refused;
  }

  /** How long the certificate lasts, for those who watch; once a day in the log what an operator has to renew. */
  sayWhatEnds(): void {
    const { clock, log, metrics } = this.#parts;
    const { expiresAt, revocations } = this.#material;
    const now = clock.now();
    const daysLeft = (expiresAt - now) / DAY_MS;
    metrics.tlsCertificateDaysLeft.set(daysLeft);
    const nextUpdateAt = Math.min(...revocations.map((list) => list.nextUpdateAt));
    const [ends, stale] = [daysLeft < WARN_DAYS, nextUpdateAt < now];
    if (!(ends || stale) || now - this.#saidAt < DAY_MS) return;
    this.#saidAt = now;
    if (ends)
      log.error({ daysLeft: Math.floor(daysLeft) }, 'the certificate of the broker ends soon: then no device connects');
    if (stale)
      log.error(
        { nextUpdateAt },
        'the revocation list is out of date: it still refuses those that it names, and no others',
      );
  }
}

async function use(material: TlsMaterial, { keysFolder, log, metrics }: InUseParts): Promise<TlsMaterial> {
  metrics.tlsFilesRefused.set(0);
  await keepMaterial(copyIn(keysFolder), material).catch((error) =>
    log.warn({ err: error }, 'what TLS uses could not be kept for a restart over broken files'),
  );
  return material;
}

const copyIn = (keysFolder: string) => join(keysFolder, 'tls-in-use.json');
const DAY_MS = 86_400_000;
const WARN_DAYS = 14;
/** No files have this stamp. */
const UNREAD = '';
