import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settingWith } from './conformance-client.ts';
import { scenarios } from './conformance-scenarios.ts';

for (const [name, scenario] of Object.entries(scenarios))
  test.each(scenario.with)(`${name}, with %s rights`, async (rights) => scenario.run(await settingWith(rights)));

/** How many statements each section of MQTT 3.1.1 has: its appendix B. */
const sections: Record<string, number> = {
  '1.5.3': 3,
  '2.2.2': 2,
  '2.3.1': 7,
  '3.1.0': 2,
  '3.1.2': 24,
  '3.1.3': 11,
  '3.1.4': 5,
  '3.2.0': 1,
  '3.2.2': 6,
  '3.3.1': 12,
  '3.3.2': 3,
  '3.3.4': 1,
  '3.3.5': 2,
  '3.6.1': 1,
  '3.8.1': 1,
  '3.8.3': 4,
  '3.8.4': 6,
  '3.9.3': 2,
  '3.10.1': 1,
  '3.10.3': 2,
  '3.10.4': 6,
  '3.12.4': 1,
  '3.14.1': 1,
  '3.14.4': 3,
  '4.1.0': 2,
  '4.3.1': 1,
  '4.3.2': 2,
  '4.3.3': 2,
  '4.4.0': 1,
  '4.5.0': 2,
  '4.6.0': 6,
  '4.7.1': 3,
  '4.7.2': 1,
  '4.7.3': 4,
  '4.8.0': 2,
  '6.0.0': 4,
  '7.0.0': 2,
  '7.1.1': 1,
  '7.1.2': 1,
};

const rows = readFileSync(join(import.meta.dirname, '../docs/mqtt.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| MQTT-'))
  .map((line) => {
    const [, id = '', behaviour = '', status = '', tests = ''] = line.split('|').map((cell) => cell.trim());
    return { id, behaviour, status, tests: tests === '-' ? [] : tests.split('; ') };
  });

test('docs/mqtt.md has every statement of MQTT 3.1.1, in order', () => {
  const all = Object.entries(sections).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, index) => `MQTT-${section}-${index + 1}`),
  );
  expect(rows.map(({ id }) => id)).toEqual(all);
});

test('docs/mqtt.md names tests that there are, and all of them', () => {
  expect(new Set(rows.flatMap(({ tests }) => tests))).toEqual(new Set(Object.keys(scenarios)));
});

test('docs/mqtt.md says of each statement what its tests have shown', () => {
  for (const { id, behaviour, status, tests } of rows) {
    if (!status.startsWith('met')) {
      expect(status, id).toMatch(/^(for clients|does not apply: .+)$/);
      continue;
    }
    expect(behaviour.length, id).toBeGreaterThan(5);
    const onlyOpen = tests.every((name) => !scenarios[name]?.with.includes('device'));
    expect(tests.length, id).toBeGreaterThan(0);
    expect(status.startsWith('met with open rights'), id).toBe(onlyOpen || status.includes('deviates for devices'));
  }
});
