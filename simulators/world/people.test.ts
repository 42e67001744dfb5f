import { expect, test } from 'vitest';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import type { NoticePurpose } from '../../records/notice.ts';
import { chanceOf } from '../seeded-chance.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { Asked, Heard } from './evidence.ts';
import { startPeople } from './people.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

test('a sound at the desk leads to a claim, sometimes two in the same instant, and often to an end', async () => {
  const stories = await Promise.all(seeds.map((seed) => tell(seed, 'desk', { hours: beforeTheRound })));
  const claims = stories.map((asked) => asked.filter(({ command }) => command.type === 'claim'));
  expect(claims.filter((all) => all.length > 0).length).toBeGreaterThan(20);
  const race = claims.filter(([one, two]) => one && two && one.atMs === two.atMs && byOf(one) !== byOf(two));
  expect(race.length).toBeGreaterThan(2);
  const ends = stories.filter((asked) => asked.some(({ command }) => command.type === 'resolve'));
  expect(ends.length).toBeGreaterThan(10);
  expect(ends.length).toBeLessThan(40);
});

test('a contact who was asked goes, declines, does not come, or sleeps', async () => {
  const stories = await Promise.all(seeds.map((seed) => tell(seed, 'bao')));
  const ofContact = (type: Command['type']) =>
    stories.filter((asked) => asked.some(({ command }) => command.type === type && command.by.id === 'bao'));
  const asleep = stories.filter((asked) => asked.every(({ command }) => command.by.id !== 'bao'));
  expect(asleep.length).toBeGreaterThan(3);
  expect(ofContact('decline').length).toBeGreaterThan(2);
  const going = ofContact('accept').length;
  expect(going).toBeGreaterThan(10);
  expect(ofContact('arrive').length).toBeGreaterThan(3);
  expect(ofContact('arrive').length).toBeLessThan(going);
});

test('who is told for information does nothing, and who is turned back does not arrive', async () => {
  const informed = await Promise.all(
    seeds.map((seed) => tell(seed, 'bao', { purposes: ['information'], hours: beforeTheRound })),
  );
  expect(informed.flat()).toEqual([]);
  const turned = await Promise.all(seeds.map((seed) => tell(seed, 'bao', { purposes: ['alarm', 'stand-down'] })));
  const types = new Set(turned.flat().map(({ command }) => command.type));
  expect(types.has('accept')).toBe(true);
  expect(types.has('arrive')).toBe(false);
});

test('without an answer the same command is asked again under its id, and not for ever', async () => {
  for (const send of [() => Promise.reject(new Error('down')), () => new Promise<CommandResult>(() => {})]) {
    const stories = await Promise.all(seeds.slice(0, 10).map((seed) => tell(seed, 'desk', { send })));
    const asked = stories.flat();
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.every(({ result }) => result === undefined)).toBe(true);
    for (const story of stories) {
      for (const [, times] of Map.groupBy(story, ({ command }) => command.commandId)) {
        expect(times.length).toBeGreaterThan(10);
        expect(times.length).toBeLessThan(25);
        expect(new Set(times.map(({ command }) => JSON.stringify(command))).size).toBe(1);
      }
    }
  }
});

test('some act on an old version, are told the present one, and ask anew', async () => {
  const stories = await Promise.all(seeds.map((seed) => tell(seed, 'desk')));
  const conflicts = stories
    .flat()
    .filter(({ result }) => result && !result.ok && result.problem === 'version-conflict');
  expect(conflicts.length).toBeGreaterThan(3);
  const ids = stories.map((asked) => Map.groupBy(asked, ({ command }) => command.commandId));
  const answers = ids.flatMap((byId) => [...byId.values()].map((times) => new Set(times.map(resultText)).size));
  expect(answers.every((different) => different === 1)).toBe(true);
  expect(ids.some((byId) => [...byId.values()].some((times) => times.length > 1))).toBe(true);
});

test('who was refused alone tries again, or the other one agrees', async () => {
  const secondPerson = { ok: false, problem: 'second-person-needed', message: '', currentVersion: 1 } as const;
  const send = async ({ type }: Command): Promise<CommandResult> =>
    type === 'resolve' ? secondPerson : { ok: true, version: 1 };
  const stories = await Promise.all(seeds.map((seed) => tell(seed, 'desk', { send })));
  const pairs = stories.map((asked) => [
    ...new Set(asked.filter(({ command }) => command.type === 'resolve').map(byOf)),
  ]);
  expect(pairs.some((who) => who.length === 2)).toBe(true);
  expect(pairs.some((who) => who.length === 1)).toBe(true);
});

test('what nobody heard of is found by looking at the page', async () => {
  const asked = await tell(1, 'nobody', { hours: 12 });
  expect(asked.some(({ command }) => command.type === 'claim')).toBe(true);
});

test('while desk is down nobody can ask, and nothing breaks', async () => {
  expect(await tell(1, 'desk', { see: () => undefined })).toEqual([]);
});

test('when all is healed everything that is open is ended, whoever had begun what', async () => {
  for (const seed of seeds) {
    const world = open(seed);
    world.hear('desk', 'alarm');
    world.hear('bao', 'alarm');
    await world.clock.advance((seed % 7) * 5 * MINUTE_MS);
    world.people.heal();
    await world.clock.advance(10 * MINUTE_MS);
    expect([seed, world.incident.state.phase]).toEqual([seed, 'resolved']);
    const last = world.asked.length;
    await world.clock.advance(12 * HOUR_MS);
    expect(world.asked).toHaveLength(last);
  }
});

test('equal seeds have equal people', async () => {
  expect(await tell(5, 'desk')).toEqual(await tell(5, 'desk'));
});

/** Nobody looks at the page of their own accord in the first half hour. */
const beforeTheRound = 0.49;
const byOf = ({ command }: Asked) => command.by.id;
const resultText = ({ result }: Asked) => JSON.stringify(result);

type Course = {
  purposes?: NoticePurpose[];
  send?: (command: Command) => Promise<CommandResult>;
  see?: () => undefined;
  hours?: number;
};

/** What people ask for in two hours after somebody heard of an incident. */
async function tell(seed: number, contactId: string, { purposes = ['alarm'], hours = 2, ...parts }: Course = {}) {
  const { clock, asked, hear } = open(seed, parts);
  if (contactId !== 'nobody') for (const purpose of purposes) hear(contactId, purpose);
  await clock.advance(hours * HOUR_MS);
  return asked;
}

/** People, one incident, and a desk that does what is asked of it when the version is right. */
function open(seed: number, { send, see }: Pick<Course, 'send' | 'see'> = {}) {
  const clock = new VirtualClock({ startAt: 0 });
  const asked: Asked[] = [];
  const answers = new Map<string, CommandResult>();
  const incident: Incident = {
    ...{
      incidentId: 'i:1',
      version: 3,
      code: 'KX7Q',
      category: 'call',
      severity: 'urgent',
      openedAt: 0,
      lastAlertAt: 0,
    },
    ...{ subject: { type: 'person', id: 'tuya' }, where: {}, alerts: [], told: [] },
    state: { phase: 'open', since: 0 },
    ladder: { phase: 'running', rung: 1, startedAt: 0, cause: 1 },
  };
  function apply(command: Command): CommandResult {
    if (!('expectedVersion' in command)) throw new Error(`nobody asks for ${command.type}`);
    const { version: currentVersion, state } = incident;
    if (command.expectedVersion !== currentVersion)
      return { ok: false, problem: 'version-conflict', message: '', currentVersion };
    if (state.phase === 'resolved') return { ok: false, problem: 'not-allowed', message: 'over', currentVersion };
    incident.version += 1;
    const { type, by } = command;
    if (type === 'resolve') incident.state = { phase: 'resolved', since: 0, by, outcome: 'helped', contact: 'reached' };
    return { ok: true, version: incident.version };
  }
  const people = startPeople({
    ...{ clock, asked, chance: chanceOf(seed, 'people') },
    see: see ?? (() => (incident.state.phase === 'resolved' ? [] : [incident])),
    async send(command) {
      const result = answers.get(command.commandId) ?? (send ? await send(command) : apply(command));
      answers.set(command.commandId, result);
      return result;
    },
  });
  const hear = (contactId: string, purpose: NoticePurpose) => people.hear(heardBy(contactId, purpose));
  return { clock, asked, people, incident, hear };
}

function heardBy(contactId: string, purpose: NoticePurpose): Heard {
  const text = { incidentCode: 'KX7Q', condition: 'call-care', openedAt: 0, occurredAt: 0, placeIds: [], rooms: [] };
  return {
    ...{ atMs: 0, contactId, channel: 'log', idempotencyId: 'm', body: '', arrived: true, answer: 'delivered' },
    notice: {
      ...{ noticeId: 'n', incidentId: 'i:1', purpose, severity: 'urgent', rung: 1, at: 0 },
      recipient: contactId === 'desk' ? { type: 'desk', areaId: 'v' } : { type: 'contact', contactId },
      text: { ...text, alertCount: 1 },
    },
  };
}
