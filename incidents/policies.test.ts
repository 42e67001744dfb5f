import { describe, expect, test } from 'vitest';
import { deskWatches } from '../records/desk-watch.ts';
import { put } from '../records/registry.test-support.ts';
import type { RegistryChange } from '../records/registry.ts';
import {
  contact,
  contactOf,
  type Desk,
  everybody,
  HOUR_MS,
  li,
  MINUTE_MS,
  SECOND_MS,
  village,
} from './village.test-support.ts';

/** 16:00 and 23:00 in the county. */
const AFTERNOON_AT = 1_800_000_000_000;
const NIGHT_AT = AFTERNOON_AT + 7 * HOUR_MS;

const policy = (words: object): RegistryChange =>
  put('policy', {
    ...{ id: 'policy', name: 'policy', scope: { type: 'all' }, severity: 'critical' },
    rungs: [{ afterSeconds: 0, desk: true, tell: [{ role: 'township', nth: 1 }] }],
    ...words,
  });
const tells = (...tell: object[]) => ({ rungs: [{ afterSeconds: 0, desk: true, tell }] });
const contacts = (...more: RegistryChange[]) => [...everybody, ...more];
/** Who was asked to go, without the desk's own sound and those who are only informed. */
const asked = (desk: Desk) =>
  desk
    .told()
    .filter((one) => !/desk!|information/.test(one))
    .map((one) => one.split(' ')[1]);

describe('the narrowest policy has the word', () => {
  const scoped = [
    policy({ id: 'of-all', ...tells({ role: 'county', nth: 1 }) }),
    policy({ id: 'of-town', scope: { type: 'area', id: 'town' }, ...tells({ role: 'township', nth: 1 }) }),
    policy({ id: 'of-herder', scope: { type: 'household', id: 'herder' }, ...tells({ contactId: 'daughter' }) }),
    policy({ id: 'of-care', scope: { type: 'site', id: 'care' }, ...tells({ each: 'night-carer' }) }),
  ];

  test('a household before its township, a township before everybody', () => {
    const desk = village({ contacts: contacts(...scoped) });
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['daughter']);
    desk.alert('smoke', 'smoke-yurt');
    expect(asked(desk)).toEqual(['team']);
    desk.alert('smoke', 'smoke-1');
    expect(asked(desk)).toEqual(['night']);
    expect(desk.timeline.flatMap(({ details }) => details.policyId ?? [])).toEqual(['of-herder', 'of-town', 'of-care']);
  });

  test('that was saved with a day between two repeats calls every half hour all the same, where a life is at stake', () => {
    const repeat = { everySeconds: 60, times: 0, thenEverySeconds: 86_400 };
    const desk = village({ contacts: contacts(policy({ repeat })) });
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['team']);
    desk.advance(30 * MINUTE_MS);
    expect(asked(desk)).toContain('team');
  });

  test('one for fires counts for fires alone, and one for the night until six', () => {
    const desk = village({
      at: NIGHT_AT,
      contacts: contacts(
        policy({ id: 'fires', conditions: ['smoke'], ...tells({ contactId: 'lead' }) }),
        policy({ id: 'nights', hours: { from: '22:00', to: '06:00' }, ...tells({ contactId: 'team' }) }),
      ),
    });
    desk.alert('smoke', 'smoke-house');
    expect(asked(desk)).toEqual(['lead']);
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['team']);
    // By day there is none for falls: the default ladder.
    const day = village({ contacts: [...contacts(policy({ hours: { from: '22:00', to: '06:00' } }))] });
    day.alert('fall', 'watch-bat');
    expect(asked(day)).toEqual(['near', 'station']);
  });

  test('the end of the night does not change a ladder on the way', () => {
    const desk = village({
      at: NIGHT_AT,
      contacts: contacts(
        policy({
          hours: { from: '22:00', to: '23:01' },
          rungs: [
            { afterSeconds: 0, desk: true, tell: [{ contactId: 'near' }] },
            { afterSeconds: 100, tell: [{ contactId: 'lead' }] },
          ],
        }),
      ),
    });
    desk.alert('fall', 'watch-bat');
    desk.told();
    desk.advance(100 * SECOND_MS);
    expect(asked(desk)).toEqual(['lead']);
  });
});

test('what is critical goes on until somebody acts, though the policy says nothing of it', () => {
  const desk = village({ contacts: contacts(policy({})) });
  desk.alert('fall', 'watch-bat');
  desk.told();
  desk.advance(2 * MINUTE_MS);
  expect(desk.told().slice(0, 2)).toEqual(['escalation desk!', 'escalation team']);
});

test('the ways that a policy names come with the message', () => {
  const rungs = [{ afterSeconds: 0, desk: true, tell: [{ contactId: 'near' }], channels: ['voice', 'sms'] }];
  const desk = village({ contacts: contacts(policy({ rungs })) });
  desk.alert('fall', 'watch-bat');
  expect(desk.notices.find(({ recipient }) => recipient.type === 'contact')?.channels).toEqual(['voice', 'sms']);
});

describe('the nearest', () => {
  const placed = (id: string, order: number, lat: number, travel: string) =>
    put('contact', {
      ...{ id, of: { type: 'area', id: 'east' }, role: 'neighbour', order, name: id, channels: [{ type: 'log' }] },
      ...{ position: { lat, lon: 116, datum: 'WGS-84' }, travel },
    });
  const homes = [
    put('place', {
      ...{ id: 'house', areaId: 'east', kind: 'house', name: 'house at the end' },
      position: { lat: 44, lon: 116, datum: 'WGS-84' },
    }),
    placed('walker', 1, 44.03, 'foot'),
    placed('rider', 2, 44.05, 'motorbike'),
    placed('driver', 3, 44.15, 'car'),
  ];
  const nearest = (nth: number) => ({ nearest: nth, role: 'neighbour' });

  test('is whoever is there first by the way they travel, not by the straight line', () => {
    const desk = village({ contacts: [...everybody.slice(2), ...homes, policy(tells(nearest(1), nearest(2)))] });
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['rider', 'driver']);
  });

  test('is nobody who is on the way to somebody else', () => {
    const desk = village({ contacts: [...everybody.slice(2), ...homes, policy(tells(nearest(1)))] });
    const first = desk.alert('fall', 'watch-him');
    desk.command(first, { type: 'accept', by: li, contactId: 'rider', expectedMinutes: 10 });
    desk.told();
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['driver']);
  });

  test('whose way is not known comes last, and is not left out', () => {
    const desk = village({
      contacts: contacts(...homes, policy(tells(nearest(1), nearest(2), nearest(3), nearest(4)))),
    });
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['rider', 'driver', 'walker', 'near']);
  });
});

describe('rosters', () => {
  const station = (id: string, order: number) => contactOf(id, 'area', 'east', 'station', order);
  const duty = put('roster', {
    ...{ id: 'duty', name: 'duty', of: { type: 'area', id: 'east' } },
    shifts: [
      { contactId: 'station', from: '08:00', to: '12:00' },
      { contactId: 'other', from: '12:00', to: '20:00' },
    ],
  });

  test('whoever is on duty is told first, also by a ladder that names no roster', () => {
    const desk = village({ contacts: contacts(station('other', 2), duty) });
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['near', 'other']);
  });

  test('when nobody is on duty the first is called all the same', () => {
    const desk = village({ at: NIGHT_AT, contacts: contacts(station('other', 2), duty) });
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['near', 'station']);
  });

  test('a seat for a roster on which nobody is, is skipped at once and reported', () => {
    const rungs = [
      { afterSeconds: 0, desk: true, tell: [{ rosterId: 'duty' }] },
      { afterSeconds: 60, tell: [{ role: 'county', nth: 1 }] },
    ];
    const desk = village({ at: NIGHT_AT, contacts: contacts(station('other', 2), duty, policy({ rungs })) });
    const incident = desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['lead']);
    expect(desk.lines(incident)).toContain('rung-empty');
  });
});

describe('nights', () => {
  // Neither is named before the other.
  const equals = [contactOf('next', 'place', 'house', 'neighbour'), ...everybody.filter((one) => one !== everybody[1])];

  function woken(desk: Desk): string[] {
    const incident = desk.alert('fall', 'watch-bat');
    const [first] = asked(desk);
    desk.command(incident, { type: 'accept', by: li, contactId: first ?? '', expectedMinutes: 5 });
    desk.command(incident, { type: 'arrive', by: li });
    desk.command(incident, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
    desk.told();
    return [first ?? ''];
  }

  test('whoever was called in the nights before comes later, and is still called', () => {
    const desk = village({ at: NIGHT_AT, contacts: equals });
    const first: string[] = [];
    for (let night = 0; night < 4; night++) {
      first.push(...woken(desk));
      desk.advance(24 * HOUR_MS);
    }
    expect(first).toEqual(['near', 'next', 'near', 'next']);
    desk.alert('fall', 'watch-bat');
    desk.advance(MINUTE_MS);
    expect(asked(desk)).toEqual(expect.arrayContaining(['near', 'next']));
  });

  test('whoever was woken an hour ago is up, and stays first; by day nobody is spared', () => {
    const desk = village({ at: NIGHT_AT, contacts: equals });
    expect(woken(desk)).toEqual(['near']);
    desk.advance(HOUR_MS);
    expect(woken(desk)).toEqual(['near']);
    desk.advance(17 * HOUR_MS);
    expect(woken(desk)).toEqual(['near']);
  });

  test('an order that somebody entered is kept', () => {
    const desk = village({ at: NIGHT_AT });
    expect(woken(desk)).toEqual(['near']);
    desk.advance(24 * HOUR_MS);
    expect(woken(desk)).toEqual(['near']);
  });

  test('a policy may keep the order at night as well', () => {
    const rungs = [{ afterSeconds: 0, desk: true, tell: [{ role: 'neighbour', nth: 1 }] }];
    const desk = village({ at: NIGHT_AT, contacts: [...equals, policy({ rungs, nights: 'in-order' })] });
    woken(desk);
    desk.advance(24 * HOUR_MS);
    expect(woken(desk)).toEqual(['near']);
  });
});

describe('somebody who calls often, by agreement', () => {
  const agreed = (until: number) =>
    put('profile', { id: 'often', of: { type: 'person', id: 'bat' }, owner: 'li', reason: 'r', until });
  const often = village.bind(undefined, { contacts: contacts(agreed(AFTERNOON_AT + 90 * 24 * HOUR_MS)) });

  test('is heard by the desk at once, and by neighbours after a minute in which nobody claimed', () => {
    const desk = often();
    desk.alert('call-emergency', 'watch-bat');
    expect(desk.told()).toContain('alarm desk!');
    desk.advance(59 * SECOND_MS);
    expect(asked(desk)).toEqual([]);
    desk.advance(SECOND_MS);
    expect(asked(desk)).toEqual(['near', 'station']);
  });

  test('brings nobody when the desk has it', () => {
    const desk = often();
    const incident = desk.alert('call-emergency', 'watch-bat');
    desk.command(incident, { type: 'claim', by: li });
    desk.command(incident, { type: 'act', by: li, action: 'open call' });
    desk.told();
    desk.advance(10 * MINUTE_MS);
    expect(asked(desk)).toEqual([]);
  });

  test('has everybody called at once for a fall and for a fire', () => {
    const desk = often();
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['near', 'station']);
    desk.alert('smoke', 'smoke-house');
    expect(asked(desk)).toEqual(['near', 'station']);
  });

  test('is as everybody when the agreement is over', () => {
    const desk = village({ contacts: contacts(agreed(AFTERNOON_AT)) });
    desk.alert('call-emergency', 'watch-bat');
    expect(asked(desk)).toEqual(['near', 'station']);
  });
});

describe('a backup', () => {
  test('is asked again when whoever was going turns back, beside the next rung', () => {
    const desk = village();
    const incident = desk.alert('fall', 'watch-bat');
    desk.command(incident, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 30 });
    desk.told();
    desk.command(incident, { type: 'decline', by: contact('near'), contactId: 'near' });
    expect(asked(desk)).toEqual(['next', 'desk', 'station']);
    // And hears again when somebody else goes.
    desk.command(incident, { type: 'accept', by: contact('next'), contactId: 'next', expectedMinutes: 30 });
    expect(desk.told()).toContain('update station');
  });

  test('is asked again when whoever was going is late', () => {
    const desk = village();
    const incident = desk.alert('fall', 'watch-bat');
    desk.command(incident, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 10 });
    desk.told();
    desk.advance(15 * MINUTE_MS);
    expect(asked(desk)).toEqual(['next', 'desk', 'station']);
  });
});

describe('an empty desk', () => {
  function deserted(): Desk {
    const desk = village();
    deskWatches(desk.state).set('', { since: desk.now, emptyAlertId: 'nobody-there' });
    return desk;
  }

  test('rings its own telephone at once, and the township hears of what is critical', () => {
    const desk = deserted();
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['near', 'station', 'desk', 'team']);
  });

  test('rings its telephone for what is urgent, and calls nobody out', () => {
    const desk = deserted();
    desk.alert('inactivity', 'watch-bat', { severity: 'urgent' });
    expect(asked(desk)).toEqual(['desk']);
  });

  test('is one at which somebody watched: where nobody ever did, ladders are as ever', () => {
    const desk = village();
    desk.alert('inactivity', 'watch-bat', { severity: 'urgent' });
    expect(asked(desk)).toEqual([]);
  });
});

describe('what joins an incident', () => {
  const often = put('profile', {
    ...{ id: 'often', of: { type: 'person', id: 'bat' }, owner: 'li', reason: 'agreed', until: AFTERNOON_AT * 2 },
  });

  test('and makes another ladder of it has that one told from its first rung: nobody is passed over', () => {
    const desk = village({ contacts: contacts(often) });
    desk.alert('call-emergency', 'watch-bat');
    expect(asked(desk)).toEqual([]);
    desk.alert('fall-suspected', 'watch-bat', { severity: 'urgent' });
    desk.advance(MINUTE_MS);
    expect(asked(desk)).toEqual(['near', 'station']);
    desk.advance(MINUTE_MS);
    expect(asked(desk)).toEqual(['next', 'desk']);
    const names = desk.notices.map(({ noticeId }) => noticeId);
    expect(new Set(names).size).toBe(names.length);
  });

  test('of somebody else in the same home is not held back: nobody knows who pressed on the wall', () => {
    const his = put('profile', {
      ...{ id: 'his', of: { type: 'person', id: 'him' }, owner: 'li', reason: 'agreed', until: AFTERNOON_AT * 2 },
    });
    const desk = village({ contacts: contacts(his) });
    desk.alert('call-emergency', 'button-yurt');
    expect(asked(desk)).toEqual(['station']);
  });

  test('and is as urgent calls everybody at once', () => {
    const desk = village({ contacts: contacts(often) });
    desk.alert('call-emergency', 'watch-bat');
    desk.alert('fall', 'watch-bat');
    expect(asked(desk)).toEqual(['near', 'station']);
    desk.advance(MINUTE_MS);
    expect(asked(desk)).toEqual(['next', 'desk']);
  });
});

test('a policy that has nobody there is reported, and those of a default ladder are called', () => {
  const desk = village({ contacts: contacts(policy(tells({ role: 'night-carer', nth: 1 }))) });
  const fall = desk.alert('fall', 'watch-bat');
  expect(desk.see(fall).told.map(({ contactId }) => contactId)).toEqual([
    ...['near', 'station', 'next', 'desk', 'team', 'lead'],
  ]);
  expect(desk.open().flatMap(({ alerts }) => alerts.map(({ condition }) => condition))).toContain('ladder-empty');
});

test('two shifts that nobody took over, in two townships, are told to those above each', () => {
  const south = [
    put('area', { id: 'south', level: 'township', parentId: 'county', name: 'South' }),
    contactOf('team-south', 'area', 'south', 'township'),
  ];
  const desk = village({ contacts: contacts(...south) });
  const raise = (areaId: string) =>
    desk.alert('hand-over-open', 'smoke-house', { where: { areaId }, subject: { type: 'system', id: areaId } });
  raise('town');
  expect(asked(desk)).toEqual(['desk', 'team']);
  raise('south');
  expect(asked(desk)).toContain('team-south');
});

test('a fire calls the fire post as well', () => {
  const desk = village({ contacts: contacts(contactOf('post', 'area', 'town', 'fire-post')) });
  desk.alert('smoke', 'smoke-house');
  expect(asked(desk)).toEqual(['near', 'station', 'post']);
  desk.alert('fall', 'watch-him');
  expect(asked(desk)).toEqual(['station']);
});
