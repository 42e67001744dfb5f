import { generatePassword, hashPassword } from '../api/passwords.ts';
import { OperationalError } from '../platform/errors.ts';
import { type Chance, systemChance } from '../platform/random.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { Account } from '../records/registry.ts';
import { readConfiguration } from './configuration.ts';
import { connectControl } from './control-socket.ts';
import { exitWith } from './exit.ts';
import type { PageRequest, RegistryPage } from './registry-pages.ts';

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

const usage = 'usage: npm run accounts -- reset [ID]';

/** `npm run accounts`: gives an account a new password, printed once, and ends its sessions. Without an ID, the only account. */
export async function runAccountsCli({ argv, system, chance, print, complain }: AccountsCliParts): Promise<ExitCode> {
  const [verb, id, ...more] = argv;
  if (verb !== 'reset' || more.length > 0 || id?.startsWith('-')) {
    complain(usage);
    return 64;
  }
  try {
    const accounts = await fetchAccounts(system.page);
    const chosen = id === undefined ? accounts : accounts.filter((account) => account.id === id);
    const account = accounts.length === 0 && id === undefined ? firstAccount : chosen[0];
    if (!account || chosen.length > 1) {
      const known = accounts.map((one) => one.id).join(', ') || 'none yet';
      complain(id === undefined ? `say which account: ${known}` : `there is no account "${id}"; there are: ${known}`);
      return 1;
    }
    const password = await setPassword({ account, send: system.command, chance });
    print(`account: ${account.id}   password: ${password}   (shown once)\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    complain(`${error.message}\nRun the command again: only the last password that it prints is the right one.`);
    return 69;
  }
}

/**
 * Makes the first account of an empty registry, "duty". Answers its password, to be printed once; undefined when there is
 * an account already. `accounts`: those of the registry, caught up.
 * Errors: ALARM_AWAY, try later.
 */
export async function ensureFirstAccount({ accounts, send, chance }: FirstAccountParts) {
  for (const _ of accounts) return undefined;
  return { id: firstAccount.id, password: await setPassword({ account: firstAccount, send, chance }) };
}
type FirstAccountParts = { accounts: Iterable<Account>; send: Send; chance: Chance };

const firstAccount = { id: 'duty', name: 'Duty desk', language: 'zh-CN' } as const;

/** The account with a new password, as a small import of its own. */
async function setPassword({ account, send, chance }: SetPasswordParts): Promise<string> {
  const password = generatePassword(chance);
  const value = { ...account, hash: await hashPassword(password, chance) };
  const importId = `account-${Buffer.from(chance.bytes(9)).toString('base64url')}`;
  const about = { by: { type: 'system', id: 'accounts' }, importId } as const;
  const changes = [{ type: 'put', entity: 'account', value } as const];
  const steps: Command[] = [
    { type: 'registry-part', commandId: `${importId}-0`, ...about, part: 0, changes },
    { type: 'registry-commit', commandId: `${importId}-commit`, ...about, parts: 1 },
  ];
  for (const step of steps) {
    const result = await send(step);
    if (!result.ok) throw new Error(`account ${account.id} was not kept: ${result.message}`);
  }
  return password;
}
type SetPasswordParts = { account: Omit<Account, 'hash'>; send: Send; chance: Chance };

async function fetchAccounts(page: AccountsCliParts['system']['page']): Promise<Account[]> {
  const accounts: Account[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { values, next }: RegistryPage = await page({ entity: 'account', from });
    accounts.push(...(values as Account[]));
    from = next;
  }
  return accounts;
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
