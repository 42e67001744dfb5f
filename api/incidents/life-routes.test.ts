import { afterEach, expect, test } from 'vitest';
import type { AlertChange } from '../../records/alert.ts';
import { openDesk, signedIn, standInAlarm } from '../desk.test-support.ts';
import { eastern, staffedCounty } from '../rights/rights.test-support.ts';
import type { Api } from '../server.ts';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

test('who is watched for what is shown for everybody who lives there, and what nobody watches too', async () => {
  const { caller, decide } = await desk('call-taker');
  const where = { householdId: 'couple', placeId: 'house-1', areaId: 'east' };
  const covered = { type: 'coverage', personId: 'her', where, harm: 'fire', at: 5 } as const;
  decide({ ...covered, state: 'watched', since: 1 }, { ...covered, state: 'blind', since: 3, why: 'silent' });
  const response = await caller.get('/households/couple/coverage');
  const { people } = (await response.json()) as { people: { personId: string; harms: object[] }[] };
  const her = people.find(({ personId }) => personId === 'her');
  expect(her?.harms[0]).toEqual({ harm: 'fire', state: 'blind', since: 3, why: 'silent' });
  expect(her?.harms.slice(1)).toEqual(
    ['fall', 'call', 'wandering', 'silence'].map((harm) => ({ harm, state: 'never-equipped' })),
  );
  decide({ ...covered, state: 'never-equipped', since: 9, why: 'removed' });
  const after = await (await caller.get('/households/couple/coverage')).text();
  expect(after).not.toContain('blind');
});

test('who was asked is shown until it is answered, and the answer goes to the alarm process with the name of who gave it', async () => {
  const { caller, decide, alarm } = await desk('call-taker');
  const where = { householdId: 'couple', placeId: 'house-1', areaId: 'east' };
  const prompt = {
    promptId: 'fall:her:1',
    rule: 'fall',
    at: 1,
    personId: 'her',
    where,
    about: 'fall',
    until: 61_000,
  } as const;
  decide({ type: 'prompt', prompt });
  const listed = async () => ((await (await caller.get('/prompts')).json()) as { prompts: object[] }).prompts;
  const [place, area] = ['house by the well', 'East Well'];
  expect(await listed()).toEqual([
    {
      ...{ promptId: 'fall:her:1', rule: 'fall', about: 'fall', at: 1, until: 61_000, personId: 'her' },
      ...{ householdId: 'couple', placeId: 'house-1', place, area },
    },
  ]);
  const sent = { commandId: 'answer-0001', answer: 'fine' };
  const response = await caller.post('/prompts/fall%3Aher%3A1/answer', sent);
  expect([response.status, await response.json()]).toEqual([200, { promptId: 'fall:her:1', answer: 'fine' }]);
  const command = alarm.commands.at(-1);
  const by = { type: 'account' as const, id: eastern('call-taker') };
  expect(command).toEqual({ type: 'prompt-answer', ...sent, promptId: 'fall:her:1', by });
  if (command) alarm.record({ kind: 'command', command });
  expect(await listed()).toMatchObject([{ answer: 'fine', answeredAt: expect.any(Number) }]);
});

async function desk(role: Parameters<typeof eastern>[0]) {
  const alarm = standInAlarm({ changes: staffedCounty });
  api = await openDesk(alarm, {
    commands: {
      async apply(command) {
        alarm.commands.push(command);
        return { ok: true };
      },
    },
  });
  return {
    alarm,
    caller: await signedIn(api, eastern(role)),
    decide: (...alerts: AlertChange[]) => alarm.record({ kind: 'decided', cause: 1, version: 'test', alerts }),
  };
}
