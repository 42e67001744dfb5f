import { describe, expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import { put, smallCounty } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { allRules } from '../../rules/all-rules.ts';
import { planImport } from './registry-import.ts';

const key = { salt: 'c2FsdA==', hmac: 'aG1hYw==' };

function plan(text: string, credentialFor = () => key, more: RegistryChange[] = []) {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply([...smallCounty, ...more]);
  return planImport({ text, registry, rules: allRules, credentialFor, unseal: () => undefined });
}
const problems = (text: string) => plan(text).problems.map(({ line, problem }) => `${line}: ${problem}`);

describe('what is written is what is meant', () => {
  test('numbers that are names, telephones and rooms need no quotes', () => {
    const { changes } = plan(`
devices:
  - { id: 0860000000000001, kind: smoke-detector, placeId: house-1, room: 012, intervalMinutes: 60 }
contacts:
  - id: c1
    of: { type: place, id: house-1 }
    role: neighbour
    name: 007
    phone: +8613800000001
    order: 2
    channels: [{ type: log }]
`);
    expect(changes).toMatchObject([
      { value: { id: '0860000000000001', room: '012', intervalMinutes: 60, simulated: false } },
      { value: { name: '007', phone: '+8613800000001', order: 2, language: 'zh-CN' } },
    ]);
  });
  test('a field that was left empty is absent', () => {
    const { changes } = plan(
      'households:\n  - id: h1\n    areaId: east\n    currentPlaceId: house-1\n    note:\nsites:\n',
    );
    expect(changes).toEqual([
      {
        ...{ type: 'put', entity: 'household', value: { id: 'h1', areaId: 'east', currentPlaceId: 'house-1' } },
        expectedVersion: 0,
      },
    ]);
  });
  test('who is in hospital is away until the file says otherwise', () => {
    const him = '{ id: him, householdId: couple, name: Bat';
    const away = plan(`people: [${him}, absence: { reason: hospital, since: 1795000000000, until: 1795900000000 } }]`);
    const absence = { reason: 'hospital', since: 1_795_000_000_000, until: 1_795_900_000_000 };
    expect(away.changes).toMatchObject([{ value: { id: 'him', absence } }]);
    const kept = plan(`people: [${him} }]`, undefined, away.changes);
    expect([kept.problems, kept.changes]).toEqual([[], []]);
  });
  test('a position read off a Chinese map is kept in WGS-84', () => {
    const house = (datum: string) =>
      plan(
        `places: [{ id: h, areaId: east, kind: house, name: H, position: { lat: 39.91334545536069, lon: 116.38404722455657, datum: ${datum} } }]`,
      );
    expect(house('GCJ-02').changes).toMatchObject([
      { value: { position: { lat: 39.911954, lon: 116.377817, datum: 'WGS-84' } } },
    ]);
    expect(house('WGS-84').changes).toMatchObject([{ value: { position: { lat: 39.9133455, datum: 'WGS-84' } } }]);
  });
  test('a secret is hashed and gone; the hash of another export is taken as it is', () => {
    const secret = 'A'.repeat(22);
    const { changes } = plan(`
devices:
  - { id: d1, kind: call-button, placeId: house-1, secret: ${secret} }
  - { id: d2, kind: call-button, placeId: house-1, credential: { salt: s, hmac: h } }
`);
    expect(changes).toMatchObject([
      { value: { credential: key } },
      { value: { credential: { salt: 's', hmac: 'h' } } },
    ]);
    expect(JSON.stringify(changes)).not.toContain(secret);
  });
  test('an entry that says nothing of the secret and the label code leaves both as they are', () => {
    const claim = { ...key, used: { at: 1_790_000_000_000, by: 'li' } };
    const known = put('device', { id: 'd1', kind: 'call-button', placeId: 'house-1', credential: key, claim });
    const entry = 'devices: [{ id: d1, kind: call-button, placeId: house-2 }]';
    expect(plan(entry, () => key, [known]).changes).toMatchObject([
      { value: { placeId: 'house-2', credential: key, claim } },
    ]);
    const exported = `devices: [{ id: d1, kind: call-button, placeId: house-1, claim: { salt: s, hmac: h, used: { at: 17, by: li } } }]`;
    expect(plan(exported).changes).toMatchObject([
      { value: { claim: { salt: 's', hmac: 'h', used: { at: 17, by: 'li' } } } },
    ]);
  });
  test('what is to go stands under remove', () => {
    const { changes } = plan('remove:\n  devices: [smoke-1, watch-2]\n');
    expect(changes).toMatchObject(['smoke-1', 'watch-2'].map((id) => ({ type: 'remove', entity: 'device', id })));
  });
});

test('every problem is named at once, by line, with what would be right', () => {
  expect(
    problems(`areas:
  - { id: north, level: hamlet, parentId: township, name: North }
  - { id: south, level: village, parentId: count, name: South }
places:
  - id: far house
    areaId: east
    kind: house
    name: H
  - id: p2
    areaId: east
    kind: house
    nmae: H
    position: { lat: 116.3, lon: 39.9, datum: BD-09 }
people:
  - id: q1
    householdId: couple
    name: Q
    categories: [old]
contacts:
  - id: c1
    of: { type: place, id: p2 }
    role: neighbour
    name: C
    order: first
    phone: ask at the shop
    channels:
      - { type: webhook, url: example.org, secret: short }
      - { type: pigeon }
devices:
  - { id: d1, kind: smoke-detector, placeId: house-9, secret: short }
  - { id: d2, kind: smoke-detector, placeId: house-9 }
  - { id: d2, kind: smoke-detector, placeId: house-1 }
  - just a word
ruleSettings:
  - { id: s1, rule: device-silent, scope: { type: all }, settings: { missedReports: 99 } }
  - { id: s2, rule: device-mute, scope: { type: people, id: x }, settings: {} }
rooms: []
remove:
  people: [him]
`),
  ).toEqual([
    '2: area north: level is one of county, township, village, not "hamlet"',
    '3: area south: there is no area "count"; add it, or correct the id',
    '5: place far house: id: an id is 1-32 letters, digits, "_" or "-"',
    '9: place p2: name is missing',
    '12: place p2: there is no field "nmae"; these are: id, areaId, siteId, kind, name, address, directions, position, heating, water, hazards',
    '13: place p2: position.lat is at most 90 (is it the longitude?)',
    '13: place p2: position.datum is one of WGS-84, GCJ-02, not "BD-09"',
    '18: person q1: categories.0 is one of living-alone, advanced-age, left-behind, low-income, disabled, dementia, not "old"',
    '24: contact c1: order is a number, not "first"',
    '25: contact c1: phone: a phone number has digits, spaces and "-" only',
    '27: contact c1: channels.0.url: an address begins with https:// or http://',
    '27: contact c1: channels.0.secret: a webhook secret is "whsec_" and 24-64 bytes in base64',
    '28: contact c1: channels.1.type is one of webhook, sms, voice, email, dingtalk, wecom, feishu, log',
    expect.stringMatching(/^30: device d1: secret has at least 22 characters .* this makes one: node -p/),
    '31: device d2: there is no place "house-9"; add it, or correct the id',
    '32: device d2: is here a second time; the first is in line 31',
    '33: an entry of devices: it is a group of fields, not "just a word"',
    '35: ruleSetting s1: device-silent: missedReports is a number from 1 to 10, not 99',
    '36: ruleSetting s2: scope.type is one of all, category, area, household, person, device',
    '37: there is no section "rooms"; these are: areas, sites, places, households, people, contacts, zones, devices, ruleSettings, thresholds, rosters, policies, profiles, remove',
    '39: person him: is still referred to by contact "son"; remove or change them in the same import',
  ]);
});

test('with one problem nothing is to be changed', () => {
  const { changes } = plan('areas:\n  - { id: a, level: county, name: A }\n  - { id: b, level: village, name: B }\n');
  expect(changes).toEqual([]);
});

test('an entry that is wrong itself is no further problem for those that refer to it', () => {
  const text =
    'places: [{ id: p9, areaId: east, kind: tent, name: P }]\ndevices: [{ id: d, kind: call-button, placeId: p9 }]';
  expect(problems(text)).toEqual([
    '1: place p9: kind is one of house, winter-camp, summer-camp, room, bed, not "tent"',
  ]);
});

test('a file that is no list, broken, or far too large says so', () => {
  expect(problems('')).toMatchObject([expect.stringContaining('1: the file holds lists under these names: areas')]);
  expect(problems('areas:\n  - { id: a, level: county, name: A }\n  - { id: b\n')).toEqual([
    expect.stringMatching(/^[34]: /),
  ]);
  expect(problems('areas:\n  id: a\n')).toEqual(['1: areas is a list: each entry begins with "- "']);
  expect(problems(`areas:\n${'# comment\n'.repeat(1_700_000)}`)).toMatchObject([
    expect.stringContaining('larger than 16 MB'),
  ]);
  expect(problems('areas: [&a { id: x, level: county, name: X }, *a]')).toContainEqual(
    expect.stringContaining('write its value here'),
  );
});

test('a value that was sealed by another installation is refused', () => {
  const text = 'people: [{ id: q, householdId: couple, name: { sealed: AAAA } }]';
  expect(problems(text)).toEqual([expect.stringContaining('1: person q: name was sealed for another entry')]);
});
