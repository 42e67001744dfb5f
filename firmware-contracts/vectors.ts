import { commandSchemas, type DeviceCommand, decodeCommand, encodeCommand } from './commands.ts';
import { encodeBatch, encodeReport, reportSchemas } from './contracts.ts';
import { type DecodedReport, decodeBatch, decodeReport } from './decode.ts';
import { exampleCommand, exampleReport, leastReport } from './examples.ts';
import { toHexadecimal } from './hexadecimal.ts';
import type { DeviceKind, Report, ReportName } from './report.ts';
import { emergency, fallen, mistakes, type Raised, smoke } from './vector-mistakes.ts';

/**
 * A payload with what the system makes of it, for those who write the other side. `bytes` is hexadecimal; `json` is the same
 * as text, where it is text. `kind` is the device's in the registry, where that decides. `outcome` is what became of a report,
 * or of each in a batch: `report` with what was dropped from it, `unreadable` with what could be read all the same, or
 * `rejection` with its reason. `raises` is the life-safety alert that stands two minutes later, when nothing else was heard;
 * without it there is none.
 */
export type Vector = {
  says: string;
  topic: string;
  kind?: DeviceKind;
  json?: string;
  bytes: string;
  outcome: unknown;
  raises?: Raised;
};

/** Every report and command in both encodings, what is wrong and why, and what fails open. */
export function goldenVectors(): Vector[] {
  return [...right(), ...batches(), ...wrong(), ...commands()];
}

const reportNames = Object.keys(reportSchemas) as ReportName[];
const formats = ['json', 'cbor'] as const;

function right(): Vector[] {
  const least: Report[] = reportNames.map((name) => leastReport(name));
  return [...reportNames.map(exampleReport), ...least].flatMap((report, index) =>
    formats.map((format) => {
      const says = `${index < reportNames.length ? 'every field' : 'as little as it may say'}, ${format.toUpperCase()}`;
      return vectorOf(says, report.name, encodeReport(report, format), { raises: raisedBy[report.name] });
    }),
  );
}

/** By the examples; of the fall nothing more is heard. */
const raisedBy: { readonly [report: string]: Raised } = { alarm: smoke, fall: fallen, press: emergency };

function batches(): Vector[] {
  const reports = (['status', 'alarm', 'tamper'] as const).map((name, index) => {
    return { ...leastReport(name), seq: index, age: 60 - index };
  });
  return formats.map((format) => {
    const payload = encodeBatch(reports, format);
    return vectorOf(`three reports, ${format.toUpperCase()}`, 'batch', payload, { raises: smoke });
  });
}

function wrong(): Vector[] {
  return mistakes.map(({ says, report, payload, kind, raises }) => vectorOf(says, report, payload, { kind, raises }));
}

function commands(): Vector[] {
  return (Object.keys(commandSchemas) as DeviceCommand['name'][]).flatMap((name) =>
    formats.map((format) => {
      const payload = encodeCommand(exampleCommand(name), format);
      const says = `as a device receives it, ${format.toUpperCase()}`;
      return {
        says,
        topic: `down/867530912345678/${name}`,
        ...spelled(payload),
        outcome: decodeCommand(name, payload),
      };
    }),
  );
}

function vectorOf(
  says: string,
  report: string,
  payload: Uint8Array,
  { kind, raises }: { kind?: DeviceKind | undefined; raises?: Raised | undefined },
): Vector {
  const outcome =
    report === 'batch'
      ? decodeBatch({ payload, kind }).map(publishedOutcome)
      : publishedOutcome(decodeReport({ report, payload, kind }));
  const topic = `up/867530912345678/${report}`;
  return { says, topic, ...(kind && { kind }), ...spelled(payload), outcome, ...(raises && { raises }) };
}

/** Without the words: they are for people, and become better. */
export function publishedOutcome(decoded: DecodedReport): object {
  switch (decoded.type) {
    case 'report':
      return decoded;
    case 'unreadable': {
      const { type, reportName, salvaged } = decoded;
      return { type, reportName, salvaged };
    }
    case 'rejection':
      return { type: decoded.type, reason: decoded.reason };
  }
}

function spelled(payload: Uint8Array): Pick<Vector, 'json' | 'bytes'> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload);
  const isText = payload.length > 0 && (payload[0] ?? 0) < 0x80 && !text.includes('\ufffd');
  return { ...(isText && { json: text }), bytes: toHexadecimal(payload) };
}
