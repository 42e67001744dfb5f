import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cSources } from './c-encoder.ts';
import { encodeBatch, encodeReport } from './contracts.ts';
import { decodeReport } from './decode.ts';
import { exampleReport, leastReport } from './examples.ts';
import type { Report } from './report.ts';
import { reportNames } from './reports.test-support.ts';

// The encoder for firmware, compiled as firmware engineers compile, against the bytes that the system itself writes.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steppewatch-c-'));
  for (const [name, text] of Object.entries(cSources())) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles the encoder with a program around it, and answers the lines that it prints. */
function run(body: string[]): string[] {
  const program = [
    '#include <stdio.h>',
    '#include "steppewatch.h"',
    'static uint8_t bytes[SW_PAYLOAD_MAX];',
    'static void hex(size_t length) { for (size_t at = 0; at < length; at++) printf("%02x", bytes[at]); printf("\\n"); }',
    'int main(void) {',
    '  (void)hex;',
    ...body,
    '  return 0;',
    '}',
  ];
  return runProgram(`${program.join('\n')}\n`);
}

function runProgram(program: string): string[] {
  writeFileSync(join(folder, 'program.c'), program);
  const options = [
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wconversion',
    '-std=c99',
    '-pedantic',
    '-fsanitize=undefined,address',
  ];
  execFileSync('gcc', [...options, '-o', 'program', 'program.c', 'steppewatch.c'], { cwd: folder });
  return execFileSync(join(folder, 'program'), { encoding: 'utf8' }).split('\n').slice(0, -1);
}

const hexOf = (report: Report) => Buffer.from(encodeReport(report, 'cbor')).toString('hex');

test('every report has the bytes that the system writes, with every field and with few', () => {
  const least = reportNames.map(leastReport);
  const reports = [...reportNames.map(exampleReport), ...least];
  const lines = run(reports.flatMap((report, index) => encoding(report, `report_${index}`)));
  expect(lines).toEqual(reports.map(hexOf));
});

test('numbers are as short as they can be: whole, half, single and double', () => {
  const values = [
    0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    0.5,
    1.5,
    0.1,
    2.98,
    31.5,
    100_000.25,
    2 ** -20,
    2 ** -24,
    16_777_217.5,
  ];
  const reports = values.map((age): Report => ({ ...exampleReport('tamper'), age }));
  const below = [-1, -24, -25, -256, -257, -2_000, -0.5, -59_999.999].map((t0): Report => {
    return { ...exampleReport('motion'), t0 } as Report;
  });
  const all = [...reports, ...below];
  expect(run(all.flatMap((report, index) => encoding(report, `report_${index}`)))).toEqual(all.map(hexOf));
});

test('what does not fit, and what is no word, leaves no report', () => {
  const lines = run([
    '  sw_press press = {0};',
    '  for (size_t size = 0; size < 40; size++) printf("%d ", (int)sw_encode_press(&press, bytes, size));',
    '  press.call = (sw_press_call)99;',
    '  printf("%d\\n", (int)sw_encode_press(&press, bytes, sizeof bytes));',
  ]);
  const lengths = (lines[0] ?? '').split(' ').map(Number);
  const whole = Math.max(...lengths);
  expect(lengths).toEqual([...Array.from({ length: 40 }, (_, size) => (size < whole ? 0 : whole)), 0]);
});

test('topics are those that the broker takes', () => {
  const lines = run([
    '  char topic[SW_TOPIC_MAX + 1];',
    '  const char *ids[] = {"867530912345678", "a/b", "", "123456789012345678901234567890123"};',
    '  for (int at = 0; at < 4; at++) printf("%s\\n", sw_topic_up(topic, sizeof topic, ids[at], SW_TOPIC_ALARM) ? topic : "none");',
    '  printf("%s\\n", sw_topic_down(topic, sizeof topic, ids[0]) ? topic : "none");',
    '  printf("%d\\n", (int)sw_topic_up(topic, 10, ids[0], SW_TOPIC_ALARM));',
  ]);
  expect(lines).toEqual(['up/867530912345678/alarm', 'none', 'none', 'none', 'down/867530912345678/#', '0']);
});

test('a batch grows report by report to what the system writes, and not beyond its room', () => {
  const tampers = Array.from({ length: 65 }, (_, seq): Report => {
    return { name: 'tamper', v: 1, boot: 12, seq, age: 60, state: 'on' };
  });
  const lines = run([
    '  static uint8_t batch[SW_PAYLOAD_MAX];',
    '  size_t length = 0;',
    '  sw_tamper tamper = {0};',
    '  tamper.every.boot = 12;',
    '  tamper.every.age = 60;',
    '  for (uint32_t seq = 0; seq < 65; seq++) {',
    '    tamper.every.seq = seq;',
    '    size_t one = sw_encode_tamper(&tamper, bytes, sizeof bytes);',
    '    printf("%d ", (int)sw_batch_add(batch, length, length + one, SW_TOPIC_TAMPER, bytes, one));',
    '    size_t more = sw_batch_add(batch, length, sizeof batch, SW_TOPIC_TAMPER, bytes, one);',
    '    printf("%d\\n", (int)more);',
    '    if (more == 0) break;',
    '    length = more;',
    '    for (size_t at = 0; at < length; at++) printf("%02x", batch[at]);',
    '    printf("\\n");',
    '  }',
    '  printf("%d\\n", (int)sw_batch_add(batch, 0, sizeof batch, SW_TOPIC_TAMPER, batch, 1));',
  ]);
  const batches = tampers.slice(0, 64).map((_, last) => encodeBatch(tampers.slice(0, last + 1), 'cbor'));
  expect(lines.slice(0, -2)).toEqual(
    batches.flatMap((batch) => [`0 ${batch.length}`, Buffer.from(batch).toString('hex')]),
  );
  expect(lines.slice(-2)).toEqual(['0 0', '0']);
});

test('the program in the guide writes the line that stands there, and the bytes of the alarm', () => {
  const guide = readFileSync(join(import.meta.dirname, '../docs/firmware.md'), 'utf8');
  const program = /^```c\n([\s\S]*?)^```$/m.exec(guide)?.[1] ?? '';
  const [command = '', bytes = ''] = runProgram(program);
  expect(guide).toContain(`> ${command}`);
  expect(guide).toContain(bytes);
  expect(decodeReport({ report: 'alarm', payload: Buffer.from(bytes, 'hex') })).toEqual({
    type: 'report',
    report: { name: 'alarm', v: 1, boot: 12, seq: 345, age: 0, source: 'smoke', state: 'on', obscuration: 0.24 },
    unread: [],
  });
});

/** C that fills a structure with a report and prints its bytes. */
function encoding({ name, v: _, ...fields }: Report, variable: string): string[] {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const lines = entries.flatMap(([field, value]) => assigned(`${variable}.${memberOf(field)}`, name, field, value));
  const flags = entries.map(([field]) => field).filter((field) => hasFlag(name, field));
  return [
    '  {',
    `  sw_${name} ${variable} = {0};`,
    ...lines,
    ...flags.map((field) => `  ${variable}.${memberOf(`has_${field}`)} = true;`),
    `  hex(sw_encode_${name}(&${variable}, bytes, sizeof bytes));`,
    '  }',
  ];
}

/** What every report carries is in a structure of its own. */
const memberOf = (field: string) => (/^(boot|seq|age|(has_)?at)$/.test(field) ? `every.${field}` : field);

function hasFlag(report: string, field: string): boolean {
  if (field === 'at') return true;
  const declaration =
    cSources()['steppewatch.h'].match(new RegExp(`typedef struct \\{([^}]*)\\} sw_${report};`))?.[1] ?? '';
  return declaration.includes(`bool has_${field};`);
}

function assigned(target: string, report: string, field: string, value: unknown): string[] {
  if (Array.isArray(value)) {
    const list = target.replaceAll('.', '_');
    const type = typeof value[0] === 'string' ? 'char *const' : field === 'samples' ? 'int16_t' : 'double';
    const items = value.map((item) => (typeof item === 'string' ? JSON.stringify(item) : String(item)));
    return [
      `  static const ${type} ${list}[] = {${items.join(', ')}};`,
      `  ${target} = ${list};`,
      `  ${target}_count = ${value.length};`,
    ];
  }
  if (typeof value !== 'string') return [`  ${target} = ${String(value)};`];
  const word = `SW_${report}_${field}_${value}`.toUpperCase().replaceAll('-', '_');
  const isWord = cSources()['steppewatch.h'].includes(`${word}, `) || cSources()['steppewatch.h'].includes(`${word} }`);
  return [`  ${target} = ${isWord ? word : JSON.stringify(value)};`];
}
