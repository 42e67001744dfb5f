import { readSheet, type SheetRow } from '../../api/registry/sheets/csv.ts';
import { imeiProblem } from '../../records/imei.ts';
import { type Device, entities } from '../../records/registry.ts';
import type { LineProblem } from './registry-yaml.ts';

/** A device as a row of the file asks for it; `secret` and `code` where somebody made them already. */
export type DeviceRow = { line: number; id: string; kind: Device['kind'] } & {
  [F in 'placeId' | 'personId' | 'room' | 'secret' | 'code']?: string;
} & { intervalMinutes?: number };

/**
 * The rows of a list of devices, and what is wrong with the others, by line. `anyId`: numbers of 14 to 16 digits are taken as they are;
 * else they must be IMEIs whose check digit is right, because a device with a mistyped id can never connect.
 */
export function readDeviceRows(
  bytes: Uint8Array,
  { anyId = false } = {},
): { rows: DeviceRow[]; problems: LineProblem[] } {
  const sheet = readSheet(bytes);
  const [headings, ...rest] = sheet.rows;
  if (!headings) return { rows: [], problems: sheet.problems.length > 0 ? sheet.problems : [noHeadings(1)] };
  const { columns, problems } = readHeadings(headings);
  if (problems.length > 0) return { rows: [], problems: [...sheet.problems, ...problems] };
  const read = rest.map((row) => readRow(row, columns, anyId));
  return {
    rows: read.flatMap(({ row }) => row ?? []),
    problems: [...sheet.problems, ...read.flatMap(({ line, wrong }) => wrong.map((problem) => ({ line, problem })))],
  };
}

/** What stands in the file that is written. All of it is read again but for the label and the PSK, which follow from the rest. */
export const writtenHeadings = [
  ...['device id', 'kind', 'place id', 'person id', 'room', 'interval minutes', 'secret', 'claim code', 'label', 'psk'],
];

type Column = 'id' | 'kind' | 'placeId' | 'personId' | 'room' | 'intervalMinutes' | 'secret' | 'code' | 'label' | 'psk';

/** Spelt without blanks, dashes and what stands in brackets. The first of each is how we write it. */
const names: Record<Column, string[]> = {
  id: ['deviceid', 'id', 'imei', '设备编号', '设备号', '设备id', 'imei号'],
  kind: ['kind', 'type', '设备类型', '类型', '种类'],
  placeId: ['placeid', 'place', '地点编号', '地点', '住所编号', '住所'],
  personId: ['personid', 'person', '人员编号', '人员', '老人编号'],
  room: ['room', '房间', '安装位置'],
  intervalMinutes: ['intervalminutes', 'interval', '上报间隔', '间隔'],
  secret: ['secret', '密钥', '设备密钥'],
  code: ['claimcode', '认领码', '绑定码'],
  label: ['label', '标签'],
  psk: ['psk', '预共享密钥'],
};

const kindNames: Record<Device['kind'], string[]> = {
  'smoke-detector': ['smokedetector', 'smoke', '烟感', '烟感报警器', '烟雾报警器', '烟雾探测器', '感烟探测器'],
  wearable: ['wearable', 'watch', '手环', '手表', '穿戴设备', '可穿戴设备'],
  'call-button': ['callbutton', 'button', '呼叫按钮', '呼叫器', '一键呼叫', '紧急按钮'],
  'presence-sensor': ['presencesensor', 'presence', '人体传感器', '人体感应器', '存在传感器', '门磁'],
};

const spelling = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\(.*?\)|[\s_-]/g, '');

function readHeadings({ line, cells }: SheetRow): { columns: (Column | undefined)[]; problems: LineProblem[] } {
  const problems: LineProblem[] = [];
  const columns = cells.map((cell) => columnNamed(cell));
  for (const [at, cell] of cells.entries()) {
    const column = columns[at];
    if (cell !== '' && !column) problems.push({ line, problem: `there is no column "${cell}"; ${knownColumns}` });
    else if (column && columns.indexOf(column) < at) problems.push({ line, problem: `column "${cell}" is here twice` });
  }
  for (const needed of ['id', 'kind'] as const) if (!columns.includes(needed)) problems.push(noHeadings(line));
  return {
    columns,
    problems: problems.filter(({ problem }, at) => at === problems.findIndex((one) => one.problem === problem)),
  };
}

const columnNamed = (cell: string): Column | undefined =>
  (Object.keys(names) as Column[]).find((column) => names[column].includes(spelling(cell)));
const knownColumns = `these are: ${writtenHeadings.slice(0, -2).join(', ')} (设备编号, 设备类型, 地点编号, 人员编号, 房间, 上报间隔, 密钥, 认领码)`;
const noHeadings = (line: number): LineProblem => ({
  line,
  problem: `the first line names the columns; "device id" and "kind" are needed; ${knownColumns}`,
});

function readRow({ line, cells }: SheetRow, columns: (Column | undefined)[], anyId: boolean) {
  const given: { [C in Column]?: string } = {};
  for (const [at, column] of columns.entries()) if (column && cells[at]) given[column] = cells[at];
  const wrong: string[] = [];
  const stray = cells.find((cell, at) => cell !== '' && columns[at] === undefined);
  if (stray !== undefined) wrong.push(`"${stray.slice(0, 20)}" stands in a column without a name`);
  const { id = '', kind: kindText = '', intervalMinutes: intervalText, label: _, psk: __, ...others } = given;
  const idProblem = problemOfId(id, anyId);
  if (idProblem) wrong.push(idProblem);
  const kind = kinds.find((name) => kindNames[name].includes(spelling(kindText)));
  if (!kind) wrong.push(`the kind is one of ${knownKinds}, not "${kindText}"`);
  const intervalMinutes = intervalText === undefined ? undefined : Number(intervalText);
  if (Number.isNaN(intervalMinutes)) wrong.push(`the interval is a number of minutes, not "${intervalText}"`);
  if (!kind || wrong.length > 0) return { line, wrong };
  const row: DeviceRow = { line, id, kind, ...others, ...(intervalMinutes !== undefined && { intervalMinutes }) };
  return { line, row, wrong };
}

const kinds = entities.device.shape.kind.options;
const knownKinds = kinds
  .map((kind) => `${kind} (${kindNames[kind].find((name) => /\p{Script=Han}/u.test(name))})`)
  .join(', ');

function problemOfId(id: string, anyId: boolean): string | undefined {
  if (id === '') return 'has no device id';
  if (/^\d(\.\d+)?E\+?\d+$/i.test(id))
    return `${id} is what a spreadsheet makes of a long number: format the column as text, and copy the ids again`;
  const problem = anyId ? undefined : imeiProblem(id);
  return problem && `${problem}; --any-id takes it as it is`;
}
