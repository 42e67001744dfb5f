import { describe, expect, test } from 'vitest';
import { bug, expectCaught, type PlantedBug } from './planted-bug.test-support.ts';
import { judgeSeed } from './verdict.ts';

// Worlds in which people are told by SMS and calls and answer by keypad, and faults in what tells and hears them.

const hours = 24;

test.each([401, 402, 493, 8, 17, 19, 27, 31])(
  'every promise is kept in the world of seed %i, in which people answer by keypad',
  { timeout: 60_000 },
  async (seed) => {
    const { violations, stuck } = await judgeSeed({ seed, hours: 48, commands: true, office: true, telephones: true });
    expect([...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck]).toEqual(
      [],
    );
  },
);

test('equal seeds make equal worlds', { timeout: 60_000 }, async () => {
  const one = async () => (await judgeSeed({ seed: 401, hours: 6, telephones: true })).trace;
  expect(await one()).toBe(await one());
});

let count = 0;

const plantedBugs: PlantedBug[] = [
  bug<typeof import('../../responders/budgets.ts')>({
    bug: 'what was sent is not counted',
    caughtBy: 'no provider is given more than its windows allow',
    module: '../../responders/budgets.ts',
    plant: ({ Budgets }) => ({
      Budgets: class extends Budgets {
        override take() {
          return undefined;
        }
      },
    }),
  }),
  bug<typeof import('../../responders/notice-progress.ts')>({
    bug: 'the next way waits until the first one has been tried three times',
    caughtBy: 'life safety does not wait behind a provider that refuses',
    module: '../../responders/notice-progress.ts',
    plant: ({ afterOutcome }) => ({
      afterOutcome(entry, record, at) {
        const after = afterOutcome(entry, record, at);
        if (!after || record.result !== 'failed' || record.attempt >= 3) return after;
        const before = new Map(entry.channels.map((one) => [one.name, one]));
        const channels = after.channels.map((one) =>
          one.name === record.channel ? one : (before.get(one.name) ?? one),
        );
        return { ...after, channels };
      },
    }),
  }),
  bug<typeof import('../../incidents/replies.ts')>({
    bug: 'a number that nobody has is taken for whoever was told first',
    caughtBy: 'an answer changes an incident once, for somebody who was told of it',
    module: '../../incidents/replies.ts',
    plant: ({ stepReply }) => ({
      stepReply(round, command, ports) {
        const { registry, table } = round;
        if (registry.contactsByPhone(command.phoneKey).length > 0) return stepReply(round, command, ports);
        const told = [...table.open()].flatMap((incident) => incident.told.map(({ contactId }) => contactId));
        const [id = ''] = told;
        return stepReply(round, { ...command, by: { type: 'contact', id } }, ports);
      },
    }),
  }),
  bug<typeof import('../../responders/inbound.ts')>({
    bug: 'an answer that its provider tells again is another answer',
    caughtBy: 'an answer changes an incident once, for somebody who was told of it',
    module: '../../responders/inbound.ts',
    plant: ({ openInbound }) => ({
      openInbound: (parts) =>
        openInbound({
          ...parts,
          send(command) {
            count += 1;
            return parts.send({ ...command, commandId: `${command.commandId.slice(0, 30)}${count}` });
          },
        }),
    }),
  }),
  bug<typeof import('../../incidents/turn.ts')>({
    bug: 'who is on the road is told to turn back, and that all is well',
    caughtBy: 'the end is told once',
    module: '../../incidents/turn.ts',
    plant: ({ tellTheEnd, standDown }) => ({
      tellTheEnd(turn, there, outcome) {
        for (const one of turn.incident.told.filter(({ stoodDown }) => !stoodDown)) standDown(turn, one, outcome);
        tellTheEnd(turn, there, outcome);
      },
    }),
  }),
  bug<typeof import('../../records/phone.ts')>({
    bug: 'a number is another one when it is written otherwise',
    caughtBy: 'nothing rings at an emergency number',
    hours: 48,
    module: '../../records/phone.ts',
    plant: () => ({ normalPhone: (phone) => phone }),
  }),
];

describe('a planted fault is caught:', () => {
  test.each(plantedBugs)('$bug', { timeout: 120_000 }, (planted) =>
    expectCaught(planted, { seed: 1, hours, telephones: true }),
  );
});
