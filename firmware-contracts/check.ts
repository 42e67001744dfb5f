import type { z } from 'zod';
import { pack, unpack, type Wire, wireOf } from './codec.ts';
import { commandSchemas, type DeviceCommand } from './commands.ts';
import { contractOf, type ReportContract, reportSchemas } from './contracts.ts';
import { type DecodedReport, decodeBatch, decodeReport, explain } from './decode.ts';
import { fromHexadecimal } from './hexadecimal.ts';
import { isLifeSafety } from './report.ts';

/** `right`: a device may send exactly this. `says`: one line; when it is wrong, path, limit and an example of right. */
export type Check = { right: boolean; says: string };

/** What a report, a batch or a command of that name is checked as. */
export const checkedNames: readonly string[] = [...Object.keys(reportSchemas), 'batch', ...Object.keys(commandSchemas)];

/** Whether firmware may send a payload, and what the system makes of one that it should not. Never throws. */
export function checkPayload({ name, payload }: { name: string; payload: Uint8Array }): Check {
  const contract = contractOf(name);
  if (contract) return checkReport(contract, payload);
  if (name === 'batch') return checkBatch(payload);
  if (Object.hasOwn(commandSchemas, name)) return checkCommand(name as DeviceCommand['name'], payload);
  return { right: false, says: `${name}: no contract has this name, they are ${checkedNames.join(', ')}` };
}

/** The bytes of a file that holds a payload as it is, or as text in hexadecimal, with or without spaces. */
export function payloadIn(content: Uint8Array): Uint8Array {
  const text = new TextDecoder('latin1').decode(content).replace(/^0x|[\s,:]+/g, '');
  return fromHexadecimal(text) ?? content;
}

function checkReport(contract: ReportContract, payload: Uint8Array): Check {
  const { name, wire, schema } = contract;
  const decoded = decodeReport({ report: name, payload });
  const read = unpack(payload, wire);
  if ('problem' in read)
    return { right: false, says: `${name}: ${read.problem}${whereIn(payload)}${consequence(decoded)}` };
  if (decoded.type === 'report' && decoded.unread.length === 0)
    return { right: true, says: `${name}: right, ${sizes(read.fields, wire)}` };
  const result = schema.safeParse({ ...read.fields, name });
  const problems = result.success
    ? [saidBy(decoded)]
    : result.error.issues.map((issue) => explain(wire, read.fields, issue));
  return { right: false, says: `${name}: ${problems.join('; ')}${consequence(decoded)}` };
}

function checkBatch(payload: Uint8Array): Check {
  const decoded = decodeBatch({ payload });
  const wrong = decoded.flatMap((one, index) =>
    one.type === 'report' && one.unread.length === 0 ? [] : [`${index + 1}. ${saidBy(one)}`],
  );
  if (decoded.length === 0) return { right: false, says: 'batch: it holds no report' };
  if (wrong.length === 0) return { right: true, says: `batch: right, ${decoded.length} reports` };
  return { right: false, says: `batch: ${wrong.join('; ')}` };
}

function checkCommand(name: DeviceCommand['name'], payload: Uint8Array): Check {
  const schema: z.ZodObject = commandSchemas[name];
  const wire = wireOf(schema);
  const read = unpack(payload, wire);
  if ('problem' in read) return { right: false, says: `${name}: ${read.problem}${whereIn(payload)}` };
  const result = schema.safeParse({ ...read.fields, name });
  if (result.success) return { right: true, says: `${name}: right, ${sizes(read.fields, wire)}` };
  return {
    right: false,
    says: `${name}: ${result.error.issues.map((one) => explain(wire, read.fields, one)).join('; ')}`,
  };
}

/** Where a text is no JSON; nothing when it is, or is no text. */
function whereIn(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload);
  if (!/^\s*[[{]/.test(text)) return '';
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return `: ${error instanceof Error ? error.message.replace(/\s+/g, ' ') : ''}`;
  }
}

function saidBy(decoded: DecodedReport): string {
  return decoded.type === 'report' ? decoded.unread.join('; ') : decoded.problem;
}

/** What the system does with what firmware should not have sent. */
function consequence(decoded: DecodedReport): string {
  switch (decoded.type) {
    case 'unreadable':
      return '. It raises an alarm that could not be read';
    case 'rejection':
      return '. It is refused';
    default:
      return isLifeSafety(decoded.report.name) ? '. The alarm counts all the same' : '. The rest of it is taken';
  }
}

function sizes(fields: Parameters<typeof pack>[0], wire: Wire): string {
  const bytesOf = (format: 'json' | 'cbor') => pack(fields, wire, format).length;
  return `${bytesOf('json')} bytes as JSON, ${bytesOf('cbor')} as CBOR`;
}
