import { expect, test } from 'vitest';
import { allRules } from '../rules/all-rules.ts';
import { runScenario } from '../simulators/scenario.ts';
import { readScenario, sinceText, withExpected } from '../simulators/scenario-file.ts';
import { playScenario, scenarioNames, scenarioText } from '../simulators/scenarios-cli.ts';

const registryText = scenarioText('county.yaml');
const stories = scenarioNames().map((name) => ({ name, story: readScenario(scenarioText(name)).story }));

test.each(stories)('$name: $story', async ({ name }) => {
  const { outcome, scenario, county } = await playScenario(name);
  expect(outcome).toEqual(scenario.expected);
  expect(outcome.complaints).toBeUndefined();
  // Same journal, same alerts: whoever reads it from the beginning knows the same incidents, and would have decided the same.
  const replayed = await county.replay();
  expect(replayed.complaints).toEqual([]);
  expect(replayed.openIncidents).toEqual([...county.alarm.incidents.openIncidents()]);
});

test('the cases that a virtual clock can show are there', () => {
  const numbers = new Set(scenarioNames().flatMap((name) => /^case-(\d+)-/.exec(name)?.[1] ?? []));
  const ofPeople = [10, 11, 16, 17, 18, 29, 36];
  const others = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 25, 26, 27, 28, 30, 31, 33, 34];
  expect([...numbers].map(Number)).toEqual([...others, ...ofPeople].sort((x, y) => x - y));
});

test('without the rule that hears detectors, the fires come out wrong', async () => {
  const rules = allRules.filter(({ name }) => name !== 'hazard');
  const scenario = readScenario(scenarioText('case-01-smoke-reported-twice.yaml'));
  const { outcome } = await runScenario(scenario, { registryText, rules });
  expect(outcome.incidents).toEqual([]);
  expect(outcome).not.toEqual(scenario.expected);
});

test('a version that would decide otherwise is noticed when it reads the journal', async () => {
  const { county } = await playScenario('case-03-fall-cancelled-and-fall-that-vanishes.yaml');
  const { complaints } = await county.replay({ rules: allRules.filter(({ name }) => name !== 'fall') });
  expect(complaints.length).toBeGreaterThan(0);
  for (const complaint of complaints) expect(complaint).toContain('this version would have decided otherwise');
});

test('the same story leaves the same journal, byte for byte', async () => {
  const journals = [];
  for (let time = 0; time < 2; time++) {
    const { county } = await playScenario('case-09-restart-in-the-middle.yaml');
    journals.push(
      (await county.journal()).map(({ receivedAt, body }) => [receivedAt, Buffer.from(body).toString('hex')]),
    );
  }
  expect(journals[0]?.length).toBeGreaterThan(30);
  expect(journals[1]).toEqual(journals[0]);
});

test('a step that cannot be taken is refused in words', async () => {
  const play = (step: string) =>
    runScenario(readScenario(`{ story: x, until: 10s, timeline: [${step}] }`), { registryText });
  await expect(play('{ at: 1s, device: sarna-door, does: alarm }')).rejects.toThrow(
    'a presence-sensor does no "alarm"',
  );
  await expect(play('{ at: 1s, device: nowhere, does: alarm }')).rejects.toThrow('no device nowhere');
  await expect(play('{ at: 1s, account: li, asks: claim, about: sarna-door }')).rejects.toThrow('no open incident');
  expect(() => readScenario('{ story: x, until: soon, timeline: [] }')).toThrow('a time is like 90s');
});

test('rewriting changes what is expected, and nothing else', () => {
  const text = '# why\nstory: x\nuntil: 1m\ntimeline:\n  - { at: 1s, clock: -1h } # back\nexpected: old\n';
  expect(withExpected(text, { incidents: [] })).toBe(text.replace('expected: old', 'expected:\n  incidents: []'));
  expect(sinceText(-(86_400_000 + 61_000))).toBe('-1d 1m 1s');
});
