import { expect, test } from 'vitest';
import { verifyPassword } from '../../api/sign-in/passwords.ts';
import { alarmAway } from '../../platform/errors.ts';
import { systemChance } from '../../platform/random.ts';
import { type Command, type CommandResult, command as commandSchema } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { put } from '../../records/registry.test-support.ts';
import { carryOut, isRegistryCommand } from '../../records/registry-commands.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { registryPage } from '../registry/registry-pages.ts';
import { type AccountsCliParts, ensureFirstAccount, runAccountsCli } from './accounts-cli.ts';

/** The process that owns the registry, and a terminal. */
function running(...ids: string[]) {
  const registry = createRegistry({ state: new FoldState() });
  const named = { name: { sealed: 'c2VhbGVk' }, hash: 'old', language: 'en' };
  registry.apply([put('area', { id: 'east', level: 'county', name: 'East' })]);
  registry.apply(ids.map((id) => put('account', { id, ...named })));
  const printed: string[] = [];
  const complaints: string[] = [];
  const commands: Command[] = [];
  const command = async (sent: Command): Promise<CommandResult> => {
    const asked = commandSchema.parse(sent);
    commands.push(asked);
    return isRegistryCommand(asked) ? carryOut(registry, asked).result : { ok: true };
  };
  const parts: Omit<AccountsCliParts, 'argv'> = {
    system: { command, page: async (request) => registryPage(registry, request) },
    chance: systemChance,
    print: (text) => void printed.push(text),
    complain: (text) => void complaints.push(text),
  };
  const run = (...argv: string[]) => runAccountsCli({ argv, ...parts });
  const opens = async (id: string, password = '') => verifyPassword(password, registry.account(id)?.hash ?? '');
  return { registry, printed, complaints, commands, command, parts, run, opens };
}
const passwordIn = (text: string | undefined) => /password: (\S+)/.exec(text ?? '')?.[1];

test('the first start makes one account, whose password opens it', async () => {
  const { registry, command, opens } = running();
  const parts = { send: command, chance: systemChance };
  const first = await ensureFirstAccount({ accounts: registry.list('account'), ...parts });
  expect(first?.id).toBe('duty');
  expect(registry.account('duty')?.grants).toBeUndefined();
  expect(await opens('duty', first?.password)).toBe(true);
  expect(await ensureFirstAccount({ accounts: registry.list('account'), ...parts })).toBeUndefined();
});

test('a reset prints a new password once, and keeps name and language', async () => {
  const { registry, printed, run, opens } = running('li', 'wang');
  expect(await run('reset', 'wang')).toBe(0);
  expect(printed).toHaveLength(1);
  expect(await opens('wang', passwordIn(printed[0]))).toBe(true);
  expect(registry.account('wang')).toMatchObject({ name: { sealed: 'c2VhbGVk' }, language: 'en' });
  expect(registry.account('li')?.hash).toBe('old');
});

test('without an ID it is the only account, or the first one when there is none', async () => {
  const alone = running('li');
  expect(await alone.run('reset')).toBe(0);
  expect(await alone.opens('li', passwordIn(alone.printed[0]))).toBe(true);
  const empty = running();
  expect(await empty.run('reset')).toBe(0);
  expect(await empty.opens('duty', passwordIn(empty.printed[0]))).toBe(true);
});

test('of several, or with a name that nobody has, it says which there are and changes nothing', async () => {
  const { run, complaints, commands } = running('li', 'wang');
  expect(await run('reset')).toBe(1);
  expect(await run('reset', 'bat')).toBe(1);
  for (const complaint of complaints) expect(complaint).toContain('li, wang');
  expect(await run()).toBe(64);
  expect(await run('reset', '--all')).toBe(64);
  expect(await run('remove')).toBe(64);
  expect(commands).toEqual([]);
});

test('with the system away it says so, and that it may be run again', async () => {
  const { parts, complaints } = running('li');
  const away = { ...parts.system, command: () => Promise.reject(alarmAway({})) };
  expect(await runAccountsCli({ argv: ['reset'], ...parts, system: away })).toBe(69);
  expect(complaints.join()).toContain('again');
});

test('a refusal is an error with its reason', async () => {
  const { parts } = running('li');
  const refused: CommandResult = { ok: false, problem: 'invalid', message: 'not like this' };
  const system = { ...parts.system, command: async () => refused };
  await expect(runAccountsCli({ argv: ['reset'], ...parts, system })).rejects.toThrow('not like this');
});

test('an account is added with what it may do, and told its password once', async () => {
  const { registry, printed, run, opens } = running('li');
  expect(await run('add', 'bat', '--name', 'Bat', 'village-helper@east', 'auditor')).toBe(0);
  expect(await opens('bat', passwordIn(printed[0]))).toBe(true);
  expect(registry.account('bat')?.grants).toEqual([{ role: 'village-helper', areaId: 'east' }, { role: 'auditor' }]);
  expect(await run('add', 'bat', '--name', 'Bat')).toBe(1);
});

test('rights are given and taken; whoever had all of old keeps the others', async () => {
  const { registry, printed, run } = running('li');
  expect(await run('revoke', 'li', 'operator')).toBe(0);
  expect(registry.account('li')?.grants?.map(({ role }) => role)).not.toContain('operator');
  expect(registry.account('li')?.grants).toHaveLength(6);
  expect(await run('grant', 'li', 'operator@east')).toBe(0);
  expect(registry.account('li')?.grants).toContainEqual({ role: 'operator', areaId: 'east' });
  expect(await run('list')).toBe(0);
  expect(printed.at(-1)).toContain('operator@east');
  expect(await run('remove', 'li')).toBe(0);
  expect(registry.account('li')).toBeUndefined();
});

test('a role or a language that there is not is wrong usage; an area that there is not is refused', async () => {
  const { run, commands } = running('li');
  expect(await run('grant', 'li', 'king')).toBe(64);
  expect(await run('add', 'bat', '--name', 'Bat', '--language', 'fr')).toBe(64);
  expect(commands).toEqual([]);
  await expect(run('grant', 'li', 'operator@nowhere')).rejects.toThrow('nowhere');
});

test('no account has the id of a program: what both do is signed with it', async () => {
  const { registry, run, complaints } = running('li');
  registry.apply([
    put('apiKey', { id: 'county-app', name: 'App', grants: [{ role: 'auditor' }], hash: '0'.repeat(64) }),
  ]);
  expect(await run('add', 'county-app', '--name', 'Wu')).toBe(1);
  expect(complaints).toEqual(['"county-app" is a program\'s key: choose another id']);
  expect(registry.account('county-app')).toBeUndefined();
});
