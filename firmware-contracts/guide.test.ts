import { generate } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { encodeReport } from './contracts.ts';
import { exampleReport } from './examples.ts';
import { withFirmwareTables } from './guide.ts';
import { reportNames } from './reports.test-support.ts';
import { sizesTable } from './sizes.ts';

const places = ['every', 'reports', 'commands', 'sizes', 'year'].map(
  (name) => `<!-- made: ${name} -->\n(before)\n<!-- end -->`,
);

test('tables are made where they belong, and what stands around them is left alone', () => {
  const guide = withFirmwareTables(`# Title\n${places.join('\nand\n')}\nlast`);
  expect(guide).toMatch(/^# Title\n<!-- made: every -->\n\| field [\s\S]*\nand\n[\s\S]*\nlast$/);
  expect(guide).not.toContain('(before)');
  expect(withFirmwareTables(guide)).toBe(guide);
});

test('a table that is none, and one without a place, are mistakes', () => {
  expect(() => withFirmwareTables(`${places.join('')}<!-- made: prices -->\n<!-- end -->`)).toThrow('prices');
  expect(() => withFirmwareTables(places.slice(1).join(''))).toThrow('no place for every');
});

test('what a report is on the wire is what a client of MQTT would write, with the headers around it', () => {
  const overhead = 2 * 29 + 3 * 40;
  const puback = generate({ cmd: 'puback', messageId: 7 }).length;
  for (const line of sizesTable(reportNames)
    .split('\n')
    .slice(2, 2 + reportNames.length)) {
    const [name = '', , , , , ...onWire] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll(/[`,]/g, ''));
    const expected = (['json', 'cbor'] as const).map((format) => {
      const payload = Buffer.from(encodeReport(exampleReport(name as never), format));
      const topic = `up/867530912345678/${name}`;
      return generate({ cmd: 'publish', qos: 1, messageId: 7, topic, payload, dup: false, retain: false }).length;
    });
    expect(onWire.map(Number)).toEqual(expected.map((publish) => publish + puback + overhead));
  }
});
