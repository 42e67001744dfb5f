import { encodeReport } from '../firmware-contracts/contracts.ts';
import { decodeReport } from '../firmware-contracts/decode.ts';
import { exampleReport } from '../firmware-contracts/examples.ts';
import type { Bench } from './run.ts';

/**
 * Reads and validates `status` on one core, a thousand different ones in turn, each with every field. `decode`: from JSON, the median of
 * 9 rounds of 1 s (BENCH_SECONDS); bound 250,000 reports/s. `decode-cbor`: the same from CBOR.
 */
export const run: Bench = async (report) => {
  const seconds = Number(process.env.BENCH_SECONDS ?? 1);
  for (const format of ['json', 'cbor'] as const) {
    const payloads = Array.from({ length: DIFFERENT }, (_, seq) => encodeReport(status(seq), format));
    rate(payloads, seconds);
    const rounds = Array.from({ length: ROUNDS }, () => rate(payloads, seconds)).sort((a, b) => a - b);
    const name = format === 'json' ? 'decode' : 'decode-cbor';
    report(name, Math.round(rounds[(ROUNDS - 1) / 2] ?? 0), 'reports/s');
  }
};

const DIFFERENT = 1_000;
const ROUNDS = 9;

function status(seq: number) {
  const example = exampleReport('status');
  return { ...example, seq, battery: 2.5 + (seq % 100) / 100, rsrp: -140 + (seq % 80), snr: (seq % 300) / 10 };
}

function rate(payloads: readonly Uint8Array[], seconds: number): number {
  const start = performance.now();
  let decoded = 0;
  let at = start;
  while (at - start < seconds * 1_000) {
    for (const payload of payloads) {
      if (decodeReport({ report: 'status', kind: 'smoke-detector', payload }).type !== 'report')
        throw new Error('refused');
    }
    decoded += payloads.length;
    at = performance.now();
  }
  return decoded / ((at - start) / 1_000);
}
