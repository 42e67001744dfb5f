import { parseArgs } from 'node:util';
import { generatePassword, hashPassword } from '../../api/sign-in/passwords.ts';
import { OperationalError } from '../../platform/errors.ts';
import { type Chance, systemChance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { entityVersion } from '../../records/entity-version.ts';
import { type Account, type ApiKey, type Entity, entities, type Grant } from '../../records/registry.ts';
import { accessOf, roles } from '../../records/rights.ts';
import { readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { exitWith } from '../exit.ts';
import type { PageRequest, RegistryPage } from '../registry/registry-pages.ts';

/** What the command needs of the running system and of the world. */
export type AccountsCliParts = {
  argv: string[];
  system: { command: Send; page(request: PageRequest): Promise<RegistryPage> };
  chance: Chance;
  print(text: string): void;
  complain(text: string): void;
};

/** 0: done. 1: there is no such account, or it was refused. 64: wrong usage. 69: the system is away. */
export type ExitCode = 0 | 1 | 64 | 69;

type Send = (command: Command) => Promise<CommandResult>;

const usage = `usage: npm run accounts -- list
       npm run accounts -- add ID --name NAME [--language zh-CN|en] [GRANT...]
       npm run accounts -- grant ID GRANT...
       npm run accounts -- revoke ID GRANT...
       npm run accounts -- remove ID
       npm run accounts -- reset [ID]
a GRANT is ROLE@AREA, or ROLE for the whole installation; roles: ${roles.join(', ')}`;

/**
 * `npm run accounts`: whoever may start it on this machine may do everything with accounts. A password is made and printed once; a new one
 * ends every session of the account. `reset` without an ID means the only account.
 */
export async function runAccountsCli({ argv, system, chance, print, complain }: AccountsCliParts): Promise<ExitCode> {
  const asked = readArguments(argv);
  if (!asked) {
    complain(usage);
    return 64;
  }
  try {
    const accounts = await fetchAll(system.page, 'account');
    const keys = asked.verb === 'add' ? await fetchAll(system.page, 'apiKey') : [];
    const done = await carryOut({ asked, accounts, keys, send: system.command, chance });
    if (done.ok) print(`${done.text}\n`);
    else complain(done.text);
    return done.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    complain(`${error.message}\nRun the command again: only the last password that it prints is the right one.`);
    return 69;
  }
}

/**
 * Makes the first account of an empty registry, "duty", which may do everything everywhere. Answers its password, to be printed once;
 * undefined when there is an account already. `accounts`: those of the registry, caught up.
 * Errors: ALARM_AWAY, try later.
 */
export async function ensureFirstAccount({ accounts, send, chance }: FirstAccountParts) {
  for (const _ of accounts) return undefined;
  return { id: firstAccount.id, password: await setPassword({ account: firstAccount, send, chance }) };
}
type FirstAccountParts = { accounts: Iterable<Account>; send: Send; chance: Chance };

/** Without grants, like accounts from before there were any: everything, also what later releases add. */
const firstAccount = { id: 'duty', name: 'Duty desk', language: 'zh-CN' } as const;

type Asked = { verb: string; id: string | undefined; grants: Grant[]; name?: string; language: Account['language'] };

function readArguments(argv: string[]): Asked | undefined {
  try {
    const options = { name: { type: 'string' }, language: { type: 'string', default: 'zh-CN' } } as const;
    const { positionals, values } = parseArgs({ args: argv, options, allowPositionals: true });
    const [verb = '', id, ...texts] = positionals;
    const grants = texts.map(readGrant);
    const language = entities.account.shape.language.parse(values.language);
    const asked = { verb, id, grants, language, ...(values.name !== undefined && { name: values.name }) };
    return isWhole(asked) ? asked : undefined;
  } catch {
    return undefined;
  }
}

function readGrant(text: string): Grant {
  const [role, areaId] = text.split('@');
  return entities.account.shape.grants.unwrap().element.parse({ role, ...(areaId !== undefined && { areaId }) });
}

function isWhole({ verb, id, grants, name }: Asked): boolean {
  if (verb === 'add') return id !== undefined && name !== undefined;
  if (name !== undefined) return false;
  if (verb === 'grant' || verb === 'revoke') return id !== undefined && grants.length > 0;
  if (grants.length > 0) return false;
  return verb === 'list' ? id === undefined : verb === 'reset' || (verb === 'remove' && id !== undefined);
}

type Carrying = { asked: Asked; accounts: Account[]; keys: ApiKey[]; send: Send; chance: Chance };
type Done = { ok: boolean; text: string };

async function carryOut({ asked, accounts, keys, send, chance }: Carrying): Promise<Done> {
  const { verb, id, grants, name = '', language } = asked;
  if (verb === 'list') return { ok: true, text: accounts.map(lineOf).join('\n') || 'there is no account yet' };
  if (verb === 'add' && id !== undefined) {
    if (accounts.some((one) => one.id === id)) return { ok: false, text: `there is an account "${id}" already` };
    // What both do is signed with the id alone in some places.
    if (keys.some((one) => one.id === id)) return { ok: false, text: `"${id}" is a program's key: choose another id` };
    return shownOnce(id, await setPassword({ account: { id, name, language, grants }, send, chance }));
  }
  const account = chosen(asked, accounts);
  if (!account) return { ok: false, text: whichText(id, accounts) };
  if (verb === 'reset') return shownOnce(account.id, await setPassword({ account, send, chance }));
  if (!('hash' in account)) return { ok: false, text: whichText(id, accounts) };
  if (verb === 'remove') {
    await change(send, { type: 'remove', entity: 'account', id: account.id, expectedVersion: entityVersion(account) });
    return { ok: true, text: `${account.id} is removed` };
  }
  const { grants: held } = accessOf(account);
  const kept = held.filter((one) => !grants.some((other) => isSame(one, other)));
  const value = { ...account, grants: verb === 'grant' ? [...kept, ...grants] : kept };
  await change(send, { type: 'put', entity: 'account', value, expectedVersion: entityVersion(account) });
  return { ok: true, text: lineOf(value) };
}

const shownOnce = (id: string, password: string): Done => ({
  ok: true,
  text: `account: ${id}   password: ${password}   (shown once)`,
});

function chosen({ verb, id }: Asked, accounts: Account[]) {
  if (id !== undefined) return accounts.find((account) => account.id === id);
  if (verb !== 'reset' || accounts.length > 1) return undefined;
  return accounts[0] ?? firstAccount;
}

function whichText(id: string | undefined, accounts: Account[]): string {
  const known = accounts.map((one) => one.id).join(', ') || 'none yet';
  return id === undefined ? `say which account: ${known}` : `there is no account "${id}"; there are: ${known}`;
}

const isSame = (one: Grant, other: Grant) => one.role === other.role && one.areaId === other.areaId;
const grantText = ({ role, areaId }: Grant) => (areaId === undefined ? role : `${role}@${areaId}`);

function lineOf({ id, grants }: Pick<Account, 'id' | 'grants'>): string {
  const held = grants === undefined ? 'everything, everywhere' : grants.map(grantText).join(' ') || 'nothing';
  return `${id}: ${held}`;
}

/** The account with a new password. */
async function setPassword({ account, send, chance }: SetPasswordParts): Promise<string> {
  const password = generatePassword(chance);
  const value = { ...account, hash: await hashPassword(password, chance) };
  const before = 'hash' in account ? (account as Account) : undefined;
  await change(send, { type: 'put', entity: 'account', value, expectedVersion: entityVersion(before) });
  return password;
}
type SetPasswordParts = { account: Omit<Account, 'hash'>; send: Send; chance: Chance };

type Change = Extract<Command, { type: 'registry-change' }>['change'];
async function change(send: Send, asked: Change): Promise<void> {
  const by = { type: 'system', id: 'accounts' } as const;
  const result = await send({ type: 'registry-change', commandId: crypto.randomUUID(), by, change: asked });
  if (!result.ok) throw new Error(`the account was not changed: ${result.message}`);
}

async function fetchAll<T extends 'account' | 'apiKey'>(
  page: AccountsCliParts['system']['page'],
  entity: T,
): Promise<Entity<T>[]> {
  const all: Entity<T>[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { values, next }: RegistryPage = await page({ entity, from });
    all.push(...(values as Entity<T>[]));
    from = next;
  }
  return all;
}

if (import.meta.main) {
  try {
    const control = connectControl(readConfiguration(process.env).dataFolder);
    process.exitCode = await runAccountsCli({
      argv: process.argv.slice(2),
      system: {
        command: (command) => control.ask('command', command),
        page: (request) => control.ask('registry-page', request),
      },
      chance: systemChance,
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    control.close();
  } catch (error) {
    exitWith(error);
  }
}
