import { commandSchemas, type DeviceCommand, decodeCommand, encodeCommand } from './commands.ts';
import { encodeBatch, encodeReport, reportSchemas } from './contracts.ts';
import { decodeBatch, decodeReport } from './decode.ts';
import { exampleCommand, exampleReport, leastReport } from './examples.ts';
import { fromHexadecimal, toHexadecimal } from './hexadecimal.ts';
import type { Report, ReportName } from './report.ts';

/**
 * A payload with what the system makes of it, for those who write the other side. `bytes` is hexadecimal; `json` is the same
 * as text, where it is text. `outcome` is of a report what `decodeReport` answers, of a batch what `decodeBatch` does.
 */
export type Vector = { says: string; topic: string; json?: string; bytes: string; outcome: unknown };

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
      return vectorOf(says, report.name, encodeReport(report, format));
    }),
  );
}

function batches(): Vector[] {
  const reports = (['status', 'alarm', 'press'] as const).map((name) => leastReport(name));
  return formats.map((format) =>
    vectorOf(`three reports, ${format.toUpperCase()}`, 'batch', encodeBatch(reports, format)),
  );
}

/** Says what is wrong, the report, and the payload as text; or as hexadecimal, where it is CBOR. */
const mistakes: readonly (readonly [says: string, report: string, text: string])[] = [
  ['no restart counter: telemetry is refused', 'status', '{"v":1,"seq":1,"age":0}'],
  ['no restart counter: a call counts', 'press', '{"v":1,"seq":1,"age":0,"call":"emergency"}'],
  ['a field of newer firmware: telemetry is refused', 'status', '{"v":1,"boot":1,"seq":1,"age":0,"mood":"dusk"}'],
  [
    'a field of newer firmware: an alarm counts',
    'alarm',
    '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on","mood":"dusk"}',
  ],
  [
    'an implausible reading is dropped',
    'alarm',
    '{"v":1,"boot":1,"seq":1,"age":0,"source":"heat","state":"on","temperature":900}',
  ],
  ['an implausible reading is dropped from telemetry too', 'status', '{"v":1,"boot":1,"seq":1,"age":0,"battery":300}'],
  ['a place that is none', 'position', '{"v":1,"boot":1,"seq":1,"age":0,"source":"gnss","lat":95,"lon":116}'],
  ['a place without a longitude', 'position', '{"v":1,"boot":1,"seq":1,"age":0,"source":"gnss","lat":43}'],
  ['a call that no contract knows is an emergency', 'press', '{"v":1,"boot":1,"seq":1,"age":0,"call":"tea"}'],
  [
    'an alarm whose state is not known fails open',
    'alarm',
    '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"maybe"}',
  ],
  [
    'an alarm of a newer contract fails open',
    'alarm',
    '{"v":2,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}',
  ],
  ['a fall that is cut off fails open', 'fall', '{"v":1,"boot":1,"seq":1,"sta'],
  ['a press of no bytes at all fails open', 'press', ''],
  ['telemetry that is cut off is refused', 'status', '{"v":1,"boot":1,'],
  ['a name that occurs twice', 'status', '{"v":1,"boot":1,"seq":1,"seq":2,"age":0}'],
  ['a newer contract', 'status', '{"v":2,"boot":1,"seq":1,"age":0}'],
  ['a batch that is no list, with a call in it, fails open', 'batch', '{"report":"press","v":1,"call":"emergency"}'],
  ['a report that no contract has', 'weather', '{"v":1,"boot":1,"seq":1,"age":0}'],
];
/** CBOR: an odd number of bytes for int16 samples; a map that ends early; a key twice. */
const cborMistakes: readonly (readonly [says: string, report: string, hex: string])[] = [
  ['samples of an odd number of bytes', 'motion', 'a60101020103020a3907cf0b18320f43010203'],
  ['CBOR that ends early', 'status', 'a40101020103'],
  ['a CBOR key twice', 'status', 'a4010102010201030a'],
  ['an alarm in CBOR that ends early fails open', 'alarm', 'a6010102010302'],
];

function wrong(): Vector[] {
  return [
    ...mistakes.map(([says, report, text]) => vectorOf(says, report, new TextEncoder().encode(text))),
    ...cborMistakes.map(([says, report, hex]) => vectorOf(says, report, fromHexadecimal(hex) ?? new Uint8Array())),
  ];
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

function vectorOf(says: string, report: string, payload: Uint8Array): Vector {
  const outcome = report === 'batch' ? decodeBatch({ payload }) : decodeReport({ report, payload });
  return { says, topic: `up/867530912345678/${report}`, ...spelled(payload), outcome };
}

function spelled(payload: Uint8Array): Pick<Vector, 'json' | 'bytes'> {
  const isText = payload.length > 0 && (payload[0] ?? 0) < 0x80;
  return { ...(isText && { json: new TextDecoder().decode(payload) }), bytes: toHexadecimal(payload) };
}
