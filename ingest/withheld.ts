import { cutBatch } from '../firmware-contracts/codec.ts';
import type { Report, ReportName } from '../firmware-contracts/report.ts';
import type { ReportRecord } from '../records/journal-record.ts';
import type { Settled } from './carriers/push-memory.ts';

/** What the journal calls a report of which nothing was kept but that the device was heard. No contract knows the name. */
export const withheldName = 'withheld';

/**
 * The report as the journal may have it: without what the person whose device it is took back the consent to. A call for help is
 * never touched; a batch that cannot be taken apart is kept as it came when it holds one, and is not kept otherwise.
 */
export function withoutWithheld<R extends Pick<ReportRecord, 'report' | 'payload'>>(
  report: R,
  withheld: ReadonlySet<ReportName>,
  lifeSafety: boolean,
): R {
  if (withheld.size === 0) return report;
  const isUnwanted = (name: string) => (withheld as ReadonlySet<string>).has(name);
  if (isUnwanted(report.report)) return { ...report, report: withheldName, payload: nothing };
  if (report.report !== 'batch') return report;
  const payload = cutBatch(report.payload, isUnwanted);
  if (payload === report.payload || (payload === undefined && lifeSafety)) return report;
  return payload === undefined || isEmpty(payload)
    ? { ...report, report: withheldName, payload: nothing }
    : { ...report, payload };
}

/** Also what could not be read of it: the words that say why quote what it held. */
export function isWithheld(decoded: Settled, withheld: ReadonlySet<ReportName>): boolean {
  if (withheld.size === 0) return false;
  if (decoded.type === 'report') return withheld.has(decoded.report.name);
  if (decoded.type !== 'rejection') return false;
  return [...withheld].some((name) => decoded.problem.startsWith(`${name satisfies Report['name']}:`));
}

const nothing = new Uint8Array();
/** A list without members, in JSON or in CBOR. */
const isEmpty = (payload: Uint8Array): boolean => payload.length === 1 || (payload.length === 2 && payload[0] === 0x5b);
