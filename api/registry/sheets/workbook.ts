import { Worker } from 'node:worker_threads';
import type { Section } from '../registry-entry.ts';
import type { Said } from '../registry-plan.ts';
import type { Table } from './reading.ts';

/** A cell as it is written: text, and how it looks. Nothing is ever written that a spreadsheet would compute. */
export type CellOut = string | { text: string; look: 'heading' | 'key' | 'bad' | 'problem' };
/**
 * `frozen`: how many rows stay in sight at the top. `lists`: columns (from 0) in which a spreadsheet offers these words, below the frozen rows.
 * Widths are in characters.
 */
export type SheetOut = {
  name: string;
  rows: CellOut[][];
  widths: number[];
  frozen?: number;
  lists?: { column: number; words: string[] }[];
};

export type Call =
  | { type: 'csv'; section: Section; bytes: Uint8Array }
  | { type: 'read'; bytes: Uint8Array }
  | { type: 'write'; sheets: SheetOut[] };
export type Reply =
  | { type: 'tables'; tables: Table[] }
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'refused'; problem: string; zh: string };

/** Unpacking takes memory and time by what somebody sent us: it has a thread of its own, which is given up past these. */
const longestMs = 120_000;
const mostMegabytes = 512;

/** The sheets of a workbook as text, or why it cannot be read. At most 120 MB when unpacked; no macros, no links to other files. */
export const readWorkbook = (bytes: Uint8Array): Promise<Table[] | Said> => tablesFrom({ type: 'read', bytes });

/** What a CSV file holds, as `tablesInCsv` reads it. */
export const readCsv = (section: Section, bytes: Uint8Array): Promise<Table[] | Said> =>
  tablesFrom({ type: 'csv', section, bytes });

async function tablesFrom(call: Call): Promise<Table[] | Said> {
  const reply = await ask(call);
  if (reply.type === 'tables') return reply.tables;
  return reply.type === 'refused' ? { problem: reply.problem, zh: reply.zh } : unreadable;
}

/** A workbook of these sheets. */
export async function writeWorkbook(sheets: SheetOut[]): Promise<Uint8Array> {
  const reply = await ask({ type: 'write', sheets });
  if (reply.type === 'bytes') return reply.bytes;
  throw new Error(`a workbook could not be written: ${reply.type === 'refused' ? reply.problem : 'no bytes came'}`);
}

const unreadable = { problem: 'the file could not be read as a workbook', zh: '无法读取此工作簿' };

function ask(call: Call): Promise<Reply> {
  const worker = new Worker(new URL('./workbook-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
  });
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const giveUp = (problem: string, zh: string) => resolve({ type: 'refused', problem, zh });
  const timer = setTimeout(() => giveUp('the file takes too long; split it', '文件处理时间过长，请拆分'), longestMs);
  worker.once('message', resolve);
  worker.once('error', () => giveUp('the file is too large to be unpacked; split it', '文件过大，无法展开，请拆分'));
  worker.once('exit', () => giveUp(unreadable.problem, unreadable.zh));
  worker.postMessage(call);
  return promise.finally(() => {
    clearTimeout(timer);
    return worker.terminate();
  });
}
