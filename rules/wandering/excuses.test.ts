import { expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../watch.test-support.ts';
import { circle, herder, places } from './steppe.test-support.ts';
import { type Wandering, wandering } from './wandering.ts';

// The journal begins on 2 November at 11:00 in the county: by day, and here not yet in the cold.
const mild = { coldFromMonth: 12 };
type Nara = ReturnType<typeof herder>;

/** Along a line of so many fixes, ten minutes apart, at what the receiver says. */
function go(nara: Nara, from: number, to: number, { speed, fixes = 6 }: { speed?: number; fixes?: number } = {}): void {
  for (let index = 0; index <= fixes; index++) {
    nara.fix(from + ((to - from) * index) / fixes, 0, speed === undefined ? {} : { speed });
    nara.advance(10 * MINUTE_MS);
  }
}

test('a rider who says so, or who is too fast for a walk, is not lost by day', () => {
  const says = herder(wandering, { settings: mild });
  go(says, 0, 3000, { speed: 4 });
  const shows = herder(wandering, { settings: mild });
  go(shows, 0, 12_000, { fixes: 3 });
  for (const nara of [says, shows]) {
    nara.advance(HOUR_MS);
    expect(nara.changes).toEqual([]);
  }
  const walks = herder(wandering, { settings: mild });
  go(walks, 0, 3000);
  expect(walks.alerts).toHaveLength(1);
});

test('somebody who is outside a minute after they were at home did not ride there, and is missed', () => {
  const nara = herder(wandering, { settings: mild, zones: [circle(0, 0, 500)] });
  for (const east of [0, 580, 580, 580]) {
    nara.fix(east, 0);
    nara.advance(MINUTE_MS);
  }
  expect(nara.alerts).toHaveLength(1);
});

test('whose receiver gives no speed rides all the same where the way between two fixes shows it, slowly too', () => {
  for (const [minutes, kmh] of [[1, 11] as const, [5, 10] as const, [10, 10] as const, [10, 40] as const]) {
    const nara = herder(wandering, { settings: mild });
    for (let fix = 0; fix * minutes <= 60; fix++) {
      nara.fix(((fix * minutes) / 60) * kmh * 1000, 0, { accuracy: 40 });
      nara.advance(minutes * MINUTE_MS);
    }
    expect(nara.alerts).toEqual([]);
  }
  const walks = herder(wandering, { settings: mild });
  for (let minutes = 0; minutes <= 60; minutes++) {
    walks.fix(minutes * 84, 0, { accuracy: 40 });
    walks.advance(MINUTE_MS);
  }
  expect(walks.alerts).toHaveLength(1);
});

test('who is seen once on the way to their pasture may ride there; who is seen walking with the next fix is missed, and who is not seen', () => {
  const learned = () => {
    const nara = herder(wandering, { settings: mild });
    for (let day = 0; day < 3; day++) {
      go(nara, 0, 12_000, { fixes: 1 });
      go(nara, 12_000, 0, { fixes: 1 });
      nara.advance(24 * HOUR_MS - (nara.now % (24 * HOUR_MS)) + 3 * HOUR_MS);
    }
    nara.fix(0, 0);
    nara.advance(30 * MINUTE_MS);
    return nara;
  };
  const rides = learned();
  rides.fix(1800, 0);
  rides.advance(30 * MINUTE_MS);
  rides.fix(9000, 0);
  rides.advance(4 * HOUR_MS);
  expect(rides.alerts).toEqual([]);

  const walks = learned();
  walks.fix(1800, 0);
  walks.advance(30 * MINUTE_MS);
  expect(walks.alerts).toEqual([]);
  walks.fix(3300, 0);
  expect(walks.alerts).toMatchObject([{ condition: 'wandering', at: walks.now, reason: { fixes: 2 } }]);

  const unseen = learned();
  unseen.fix(1800, 0);
  unseen.advance(35 * MINUTE_MS - 1);
  expect(unseen.alerts).toEqual([]);
  unseen.advance(1);
  expect(unseen.alerts).toMatchObject([{ condition: 'wandering', reason: { fixes: 1 } }]);

  const elsewhere = learned();
  elsewhere.fix(-1800, 0);
  elsewhere.advance(3 * MINUTE_MS);
  expect(elsewhere.alerts).toHaveLength(1);
});

test('a rider may rest, and is after that as lost as anybody who stands there', () => {
  const nara = herder(wandering, { settings: { ...mild, rideRestMs: HOUR_MS } });
  go(nara, 0, 9000, { speed: 4 });
  for (let minutes = 0; minutes < 50; minutes += 10) {
    nara.fix(9000, 0, { speed: 0 });
    nara.advance(10 * MINUTE_MS);
  }
  expect(nara.changes).toEqual([]);
  nara.fix(9000, 0, { speed: 0 });
  nara.advance(10 * MINUTE_MS);
  nara.fix(9000, 0, { speed: 0 });
  expect(nara.alerts).toHaveLength(1);
});

test('nobody is excused who is faster than anybody drives, beyond the reach of a day, with dementia, or by night', () => {
  const car = herder(wandering, { settings: mild });
  go(car, 0, 30_000, { speed: 36 });
  const far = herder(wandering, { settings: mild });
  go(far, 60_000, 66_000, { speed: 3, fixes: 4 });
  const cared = herder(wandering, { settings: mild, categories: ['dementia'] });
  go(cared, 0, 3000, { speed: 4 });
  const late = herder(wandering, { settings: mild });
  late.advance(10 * HOUR_MS);
  go(late, 0, 3000, { speed: 4 });
  for (const nara of [car, far, cared, late]) expect(nara.alerts).toHaveLength(1);
});

test('a rider who is not home when night falls is looked for then', () => {
  const nara = herder(wandering, { settings: mild });
  nara.advance(9 * HOUR_MS + 30 * MINUTE_MS);
  go(nara, 6000, 7000, { speed: 4, fixes: 1 });
  nara.advance(10 * MINUTE_MS - 1);
  expect(nara.alerts).toEqual([]);
  nara.advance(1);
  expect(nara.alerts).toMatchObject([{ severity: 'critical', reason: { because: ['night'] } }]);
});

test('where somebody rode on three days they may stand all day, and nowhere else', () => {
  const nara = herder(wandering, { settings: { ...mild, rideRestMs: HOUR_MS } });
  const aDay = (stands: number) => {
    go(nara, 500, 8000, { speed: 5 });
    for (let hour = 0; hour < stands; hour++) {
      nara.fix(8000, 0, { speed: 0.3 });
      nara.advance(HOUR_MS);
    }
    go(nara, 8000, 0, { speed: 5 });
    nara.advance(24 * HOUR_MS - (nara.now % (24 * HOUR_MS)) + 3 * HOUR_MS);
  };
  for (let day = 0; day < 3; day++) aDay(0);
  expect(nara.alerts).toEqual([]);
  aDay(4);
  expect(nara.alerts).toEqual([]);
  go(nara, 500, -8000, { speed: 5 });
  nara.advance(HOUR_MS);
  nara.fix(-8000, 0, { speed: 0.3 });
  nara.advance(HOUR_MS);
  nara.fix(-8000, 0, { speed: 0.3 });
  nara.advance(10 * MINUTE_MS);
  expect(nara.alerts).toHaveLength(1);
});

test('walking somewhere every day makes no pasture: who walks off in the same direction again is missed', () => {
  const nara = herder(wandering, { settings: mild });
  for (let day = 0; day < 5; day++) {
    go(nara, 0, 2000);
    go(nara, 2000, 0);
    nara.advance(24 * HOUR_MS - (nara.now % (24 * HOUR_MS)) + 3 * HOUR_MS);
  }
  expect(nara.alerts).toHaveLength(5);
});

test('a pasture is at most 48 squares, and what was ridden once makes room first', () => {
  const nara = herder(wandering, { settings: { ...mild, rideReachMeters: 60_000 }, zones: [circle(0, 0, 500)] });
  const ride = (from: number, count: number) => {
    for (let index = 0; index < count; index++) {
      nara.fix(2000 + (from + index) * 2300, 0, { speed: 8 });
      nara.advance(6 * MINUTE_MS);
    }
  };
  const nextDay = () => nara.advance(24 * HOUR_MS - (nara.now % (24 * HOUR_MS)) + 3 * HOUR_MS);
  for (let day = 0; day < 2; day++) {
    ride(0, 5);
    nara.fix(0, 0);
    nextDay();
  }
  for (let day = 0; day < 3; day++) {
    ride(5 + day * 20, 20);
    nara.fix(0, 0);
    nextDay();
  }
  const { pasture = [] } = nara.state('wandering', 'dev-1') as Wandering;
  expect(pasture).toHaveLength(48);
  expect(pasture.filter(({ days }) => days >= 2)).toHaveLength(5);
});

test('a pasture is forgotten when nobody rode there for a season', () => {
  const nara = herder(wandering, { settings: mild });
  go(nara, 500, 6000, { speed: 5 });
  nara.fix(0, 0);
  nara.advance(100 * 24 * HOUR_MS);
  expect(nara.state('wandering', 'dev-1')).toMatchObject({ fixes: [], pasture: expect.any(Array) });
  nara.advance(22 * 24 * HOUR_MS);
  expect(nara.state('wandering', 'dev-1')).toBeUndefined();
  expect(nara.failures).toEqual([]);
});

test('a household on its way to another camp, and at it by night, calls nobody', () => {
  const nara = herder(wandering, { places });
  nara.fix(0, 0);
  nara.advance(30 * MINUTE_MS);
  for (const north of [9000, 18_000, 27_000]) {
    nara.fix(300, north, { speed: 6 });
    nara.advance(30 * MINUTE_MS);
  }
  for (let hour = 0; hour < 30; hour++) {
    nara.fix(0, 30_100, { speed: 0 });
    nara.advance(HOUR_MS);
  }
  expect(nara.changes).toEqual([]);
});

test('who walks to an empty camp near by is missed, because that is where lost people go', () => {
  const [house, camp] = places;
  if (!house?.position || !camp) throw new Error('there are two places');
  const near = { ...camp, position: { ...house.position, lat: house.position.lat + 0.03 } };
  const nara = herder(wandering, { settings: mild, places: [house, near] });
  nara.fix(0, 0);
  for (const north of [1000, 2000, 3000]) {
    nara.advance(30 * MINUTE_MS);
    nara.fix(0, north, { speed: 0.8 });
  }
  expect(nara.alerts).toHaveLength(1);
});

test('the camp of other people is nobody’s excuse', () => {
  const nara = herder(wandering, { settings: mild, places, livesAt: 'house-1', occupied: ['summer-camp'] });
  nara.fix(0, 0);
  nara.advance(5 * HOUR_MS);
  nara.fix(0, 30_000);
  nara.advance(HOUR_MS);
  expect(nara.alerts).toHaveLength(1);
});
