import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditPage } from '../api/answers.ts';
import { register, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { smallCounty } from '../records/registry.test-support.ts';
import { postmaster, printedAccount, run, signal, signIn, withChildren } from './running-system.test-support.ts';

const reason = 'smoke seen from the road, nobody answers';

test('with the database dead: rights, the refusal, the glass, and what the account of looks says of them', async () => {
  const temporary = temporaryFolder('rights');
  const { folder } = temporary;
  const system = await startSystem({ dataFolder: folder });
  try {
    const duty = await signIn(system);
    await register(system.control, smallCounty);
    const database = await until('the database', async () => postmaster(folder));
    signal(withChildren(database), 'SIGKILL');

    const add = ['add', 'bat', '--name', 'Bat', 'village-helper@east'];
    const added = await run('app/cli/accounts-cli.ts', add, { STEPPEWATCH_DATA: folder });
    const given = printedAccount(added.output);
    if (!given) throw new Error(added.complaints);
    const helper = await until('the new account', async () => signIn(system, given).catch(() => undefined));

    const household = () => helper.ask('GET', '/households/resident-1');
    expect((await helper.ask('GET', '/households/couple')).status).toBe(200);
    expect((await household()).status).toBe(404);
    const of = { type: 'household', id: 'resident-1' };
    expect((await helper.ask('POST', '/glass', { of, reason })).status).toBe(201);
    expect((await household()).status).toBe(200);
    // Whoever loses the right loses it with the next request, the session going on.
    const revoked = await run('app/cli/accounts-cli.ts', ['revoke', 'bat', 'village-helper@east'], {
      STEPPEWATCH_DATA: folder,
    });
    expect(revoked.code, revoked.complaints).toBe(0);
    await until('the right to end', async () => (await household()).status === 403);
    expect((await helper.ask('GET', '/session')).status).toBe(200);

    const looks = await until('the account of looks', async () => {
      const { entries } = (await (await duty.ask('GET', '/audit?of=household:resident-1')).json()) as AuditPage;
      return entries.length >= 2 && entries.toReversed();
    });
    const by = 'account:bat';
    expect(looks.slice(0, 2)).toMatchObject([
      { by, of, what: 'refused' },
      { by, of, what: 'glass', reason },
    ]);
    // What somebody wrote about a household is sealed wherever it is kept.
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const open = files.filter((file) => readFileSync(join(file.parentPath, file.name)).includes(reason));
    expect(open.map(({ name }) => name)).toEqual([]);
  } finally {
    await system.stop();
    temporary.remove();
  }
}, 90_000);
