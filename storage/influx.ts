import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpError, InfluxDB } from '@influxdata/influxdb-client';
import type { Clock } from '../platform/clock.ts';
import { influxAway, influxRefuses, type OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';

/** Where the points go, as the operator said it. */
export type InfluxTarget = { url: string; token: string; org: string; bucket: string };

/**
 * The way to InfluxDB 2. `write` resolves when every line is there, or was refused for what it says, which is
 * counted; the same lines again change nothing.
 * Errors: INFLUX_AWAY, try later; INFLUX_REFUSES, try later too, but a person has to do something first. Both say why.
 */
export type Influx = { write(lines: readonly string[]): Promise<void>; close(): void };

/** Units: milliseconds. Source: docs/decisions/0024-influxdb-retention-and-installing.md */
export function createInflux(parts: InfluxParts): Influx {
  const { metrics, log, clock } = parts;
  const send = sender(parts);
  let notBefore = Number.NEGATIVE_INFINITY;

  /** Halves what is refused for one line of it, until that line is alone. */
  async function writeSome(lines: readonly string[], refused: Refusals): Promise<void> {
    try {
      await send(lines);
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict.type !== 'refused') {
        if (verdict.type === 'away') notBefore = clock.monotonic() + verdict.afterMs;
        throw verdict.error;
      }
      refused.why = verdict.why;
      if (verdict.dropped !== undefined) refused.count += Math.min(lines.length, verdict.dropped);
      else if (lines.length === 1) refused.count += 1;
      else {
        const middle = Math.ceil(lines.length / 2);
        await writeSome(lines.slice(0, middle), refused);
        await writeSome(lines.slice(middle), refused);
      }
    }
  }

  return {
    async write(lines) {
      if (lines.length === 0) return;
      const waitMs = notBefore - clock.monotonic();
      if (waitMs > 0) throw influxAway({}, `it asked for ${Math.ceil(waitMs / 1000)} s of quiet`);
      const refused: Refusals = { count: 0, why: '' };
      for (let at = 0; at < lines.length; at += mostPoints) await writeSome(lines.slice(at, at + mostPoints), refused);
      metrics.influxPoints.inc({ outcome: 'written' }, lines.length - refused.count);
      if (refused.count === 0) return;
      metrics.influxPoints.inc({ outcome: 'refused' }, refused.count);
      log.warn({ points: refused.count, why: refused.why }, 'InfluxDB refused points for what they say: left out');
    },
    close: send.close,
  };
}

type InfluxParts = { target: InfluxTarget; clock: Clock; log: Log; metrics: Metrics };
type Refusals = { count: number; why: string };

/**
 * One request at a time. The client gets no say in when it sends or whether it tries again: its own buffers and
 * retries drop points in silence. What failed, or took too long, is cut with its connection, which the client would
 * leave open.
 */
function sender({ target, clock }: InfluxParts) {
  const agent = new (target.url.startsWith('https:') ? HttpsAgent : HttpAgent)({ keepAlive: true });
  const client = new InfluxDB({ url: target.url, token: target.token, transportOptions: { agent } });
  const api = client.getWriteApi(target.org, target.bucket, 'ns', {
    ...{ batchSize: 1_000_000, flushInterval: 0, maxRetries: 0 },
    // It would print the error otherwise.
    writeFailed: (error) => Promise.reject(error),
  });
  const send = async (lines: readonly string[]): Promise<void> => {
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(deadlineMs, () => late.reject(new Error(`no answer within ${deadlineMs / 1000} s`)));
    try {
      api.writeRecords([...lines]);
      await Promise.race([api.flush(), late.promise]);
    } catch (error) {
      if (!(error instanceof HttpError)) agent.destroy();
      throw error;
    } finally {
      cancel();
    }
  };
  return Object.assign(send, { close: () => agent.destroy() });
}

type Verdict =
  | { type: 'away'; error: OperationalError; afterMs: number }
  | { type: 'standing'; error: OperationalError }
  /** `dropped`: of these points so many were left out, and all others are there. */
  | { type: 'refused'; why: string; dropped?: number };

function verdictOn(error: unknown): Verdict {
  if (!(error instanceof HttpError)) {
    if (!(error instanceof Error)) throw error;
    return { type: 'away', error: influxAway({ cause: error }, error.message), afterMs: 0 };
  }
  const why = `${error.statusCode}: ${error.message.slice(0, longestWhy)}`;
  if (contentStatus.has(error.statusCode)) {
    const dropped = /partial write.*dropped=(\d+)/.exec(error.message)?.[1];
    return { type: 'refused', why, ...(dropped !== undefined && { dropped: Number(dropped) }) };
  }
  if (error.statusCode === 408 || error.statusCode === 429 || error.statusCode >= 500)
    return { type: 'away', error: influxAway({ cause: error }, why), afterMs: afterMsOf(error) };
  return { type: 'standing', error: influxRefuses({ cause: error }, why) };
}

/** What the client makes of the header is a number of seconds that it calls milliseconds. */
function afterMsOf({ headers }: HttpError): number {
  const value = headers?.['retry-after'];
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Math.min(Number(value) * 1000, longestQuietMs) : 0;
}

/** What is wrong is in the lines: nonsense, another type than before, too old for the bucket, too much at once. */
const contentStatus: ReadonlySet<number> = new Set([400, 413, 422]);
const mostPoints = 5_000;
const deadlineMs = 10_000;
const longestQuietMs = 600_000;
const longestWhy = 300;
