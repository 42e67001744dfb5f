import { encodeReport, reportSchemas } from '../firmware-contracts/contracts.ts';
import { exampleReport, leastReport, motionWindow } from '../firmware-contracts/examples.ts';
import type { Report, ReportName } from '../firmware-contracts/report.ts';
import type { Bench } from './run.ts';

/**
 * Bytes of CBOR for each byte of JSON: every report with every field and with as few as it may have, and whole windows of motion, whose
 * samples are a list of integers in JSON. `codec` is the worst of them; bound 0.6.
 */
export const run: Bench = async (report) => {
  const names = Object.keys(reportSchemas) as ReportName[];
  const windows = [25, 50, 100].map((rate) => motionWindow({ moments: 8 * rate, rate }));
  const all = [...names.map(exampleReport), ...names.map(leastReport), ...windows];
  report('codec', Math.max(...all.map(ratio)), 'x');
  for (const name of names) report(`codec-${name}`, ratio(exampleReport(name)), 'x');
  report('codec-motion-window', Math.max(...windows.map(ratio)), 'x');
};

const ratio = (report: Report) => encodeReport(report, 'cbor').length / encodeReport(report, 'json').length;
