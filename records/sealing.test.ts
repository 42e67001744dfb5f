import { expect, test } from 'vitest';
import { FoldState } from './fold-state.ts';
import { put, remove, smallCounty } from './registry.test-support.ts';
import type { Sealed } from './registry.ts';
import { createRegistry } from './registry-fold.ts';
import { abandonedOwners, foreignSeals, personalFields, sealChanges, textsOf, unsealEntity } from './sealing.ts';

/** A vault on paper: what is sealed says for whom, under which number it was sealed, and can be read by whoever is told. */
function paperVault() {
  let count = 0;
  return {
    seal: (owner: string, field: string, text: string): Sealed => ({ sealed: [owner, field, ++count, text].join('|') }),
    unseal(owner: string, field: string, { sealed }: Sealed) {
      const [itsOwner, itsField, , text] = sealed.split('|');
      return itsOwner === owner && itsField === field ? text : undefined;
    },
  };
}
const nothing = { get: () => undefined };
const secret = `whsec_${'A'.repeat(32)}`;
const neighbour = put('contact', {
  id: 'near',
  of: { type: 'place', id: 'house-1' },
  role: 'neighbour',
  name: 'Bat',
  channels: [{ type: 'log' }, { type: 'webhook', url: 'https://example.org/a', secret }],
});

test('names, telephones, addresses, notes and webhooks are personal', () => {
  const names = Object.entries(personalFields).flatMap(([entity, fields]) =>
    fields.map(({ path, secret }) => `${entity}.${path.join('.')}${secret ? ' (secret)' : ''}`),
  );
  expect(names).toEqual([
    'place.address',
    'place.directions',
    'household.note',
    'person.name',
    'person.callName',
    'person.phone',
    'contact.name',
    'contact.phone',
    'contact.channels.*.url',
    'contact.channels.*.secret (secret)',
    'contact.channels.*.address',
    'contact.channels.*.hook (secret)',
    'account.name',
    'subscription.url',
    'subscription.secret (secret)',
    'subscription.previous.secret (secret)',
    'profile.reason',
  ]);
});

test('nothing personal is left to read in a sealed change, and the owner of the keys reads all of it again', () => {
  const vault = paperVault();
  const [sealed] = sealChanges([neighbour], { vault, current: nothing });
  expect(sealed).toMatchObject({
    value: {
      name: { sealed: 'contact:near|name|1|Bat' },
      role: 'neighbour',
      channels: [
        { type: 'log' },
        { url: { sealed: 'contact:near|channels.*.url|2|https://example.org/a' }, secret: {} },
      ],
    },
  });
  if (sealed?.type !== 'put' || sealed.entity !== 'contact') throw new Error('a contact went in');
  const opened = unsealEntity('contact', sealed.value, vault);
  expect({ ...sealed, value: opened }).toEqual(neighbour);
});

test('a webhook secret stays sealed unless it is asked for', () => {
  const vault = paperVault();
  const [sealed] = sealChanges([neighbour], { vault, current: nothing });
  if (sealed?.type !== 'put' || sealed.entity !== 'contact') throw new Error('a contact went in');
  const { channels } = unsealEntity('contact', sealed.value, { ...vault, withSecrets: false });
  expect(channels[1]).toMatchObject({ url: 'https://example.org/a', secret: { sealed: expect.any(String) } });
});

test('a name that did not change keeps its seal, a corrected one gets a new one', () => {
  const vault = paperVault();
  const person = (name: string) => put('person', { id: 'her', householdId: 'h', name, callName: 'Granny' });
  const [first] = sealChanges([person('Saran')], { vault, current: nothing });
  if (first?.type !== 'put') throw new Error('a person went in');
  const current = { get: () => first.value as never };
  expect(sealChanges([person('Saran')], { vault, current })).toEqual([first]);
  const [corrected] = sealChanges([person('Sarangerel')], { vault, current });
  expect(corrected).toMatchObject({ value: { name: { sealed: 'person:her|name|3|Sarangerel' } } });
  expect(corrected).toHaveProperty('value.callName', (first.value as { callName?: unknown }).callName);
});

test('a sealed value that was copied from somebody else is noticed', () => {
  const vault = paperVault();
  const name = vault.seal('person:him', 'name', 'Bat');
  const copied = put('person', {
    id: 'her',
    householdId: 'h',
    name,
    callName: vault.seal('person:her', 'callName', 'Granny'),
  });
  expect(foreignSeals([copied, remove('person', 'him')], vault)).toEqual([{ owner: 'person:her', field: 'name' }]);
});

test('the keys of those who are gone are found again after a crash; who is about to come keeps theirs', () => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(sealChanges(smallCounty, { vault: paperVault(), current: registry }));
  registry.stage('i1', 0, [put('person', { id: 'newcomer', householdId: 'alone', name: 'N' })]);
  const owners = ['person:her', 'person:newcomer', 'person:gone', 'contact:her', 'household:couple'];
  const all = [...owners, ...owners.map(textsOf), 'installation:texts'];
  const gone = ['person:gone', 'contact:her', 'household:couple', 'personText:gone', 'contactText:her'];
  expect(abandonedOwners(all, registry)).toEqual(gone);
});
