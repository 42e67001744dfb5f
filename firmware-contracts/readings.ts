import { contractOf, reportSchemas } from './contracts.ts';
import type { Report, ReportName } from './report.ts';

/** One quantity of a report: the field's name in the contract, and the unit that the contract gives it. */
export type Reading = { quantity: string; value: number; unit: string };

/** What a report measured, in the contract's order. Counts, waveforms and what every report carries are no readings. */
export function readingsOf(report: Report): Reading[] {
  const readings: Reading[] = [];
  for (const { quantity, unit } of quantities[report.name]) {
    const value = (report as { [field: string]: unknown })[quantity];
    if (typeof value === 'number') readings.push({ quantity, value, unit });
  }
  return readings;
}

/** The quantities that a report of that name can hold, each with its unit. */
export function quantitiesOf(name: ReportName): readonly { quantity: string; unit: string }[] {
  return quantities[name];
}

const firstOwnKey = 10;
const quantities = Object.fromEntries(
  Object.keys(reportSchemas).map((name) => [
    name,
    [...(contractOf(name)?.wire.keys ?? [])].flatMap(([quantity, { cbor, unit }]) =>
      name !== 'motion' && cbor >= firstOwnKey && unit !== undefined && unit !== '1' ? [{ quantity, unit }] : [],
    ),
  ]),
) as unknown as { readonly [Name in ReportName]: readonly { quantity: string; unit: string }[] };
