import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { glassVault } from '../simulators/glass-vault.ts';
import { commandDesk } from './command-desk.ts';

test('a name that was sealed elsewhere is refused in words, however the desk is asked', async () => {
  const registry = createRegistry({ state: new FoldState() });
  const append = () => Promise.reject(new Error('it must not be journalled'));
  const { send } = commandDesk({ append, registry, vault: { ...glassVault(), unseal: () => undefined } });
  const value = { id: 'bat', householdId: 'house', name: { sealed: 'QUFBQQ==' } };
  const answer = await send({
    ...{ type: 'registry-part', commandId: 'part-1234', by: { type: 'account', id: 'li' }, importId: 'i', part: 0 },
    changes: [{ type: 'put', entity: 'person', value }],
  });
  expect(answer).toMatchObject({ ok: false, problem: 'invalid' });
});
