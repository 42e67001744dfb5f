import { expect, test } from 'vitest';
import type { Contact, Person, RegistryView } from '../../records/registry.ts';
import { HOUR_MS, home, MINUTE_MS, otherRoom, SECOND_MS, type ShortReport, watch } from '../watch.test-support.ts';
import { fall } from './fall.ts';
import { motionReports, tumble, walking } from './motion.test-support.ts';

const suspected: ShortReport = { name: 'fall', state: 'suspected' };
const door: ShortReport = { name: 'presence', source: 'door', state: 'on' };
const press: ShortReport = { name: 'press', call: 'emergency' };
const doubtId = 'fall-suspected:dev-1:1:1:abcd';

/** A home with a door sensor; `people` live there, and `ways` to ask the person are registered. */
function livingAlone({ people = ['nara'], canAsk = false } = {}) {
  const self = { id: 'self', role: 'self', channels: [{ type: 'log' }] } as unknown as Contact;
  const referring = ((kind: string, by: string, id: string) => {
    if (kind === 'person' && by === 'household') return people.map((one) => ({ id: one }) as Person);
    return kind === 'contact' && by === 'person' && id === 'nara' && canAsk ? [self] : [];
  }) as RegistryView['referring'];
  const doorway = people.length === 1 ? otherRoom : (({ personId: _, ...where }) => where)(otherRoom);
  return watch(fall, { devices: [home, doorway], registry: { referring } });
}

const [whole] = motionReports(tumble);
const [steps] = motionReports(walking);
const [ofSuspicion] = motionReports(tumble, { of: 7 });
if (!whole || !steps || !ofSuspicion) throw new Error('no motion');

test('a movement like a fall of which the device says nothing goes to the desk, and to nobody else', () => {
  const person = livingAlone();
  person.read(whole);
  person.advance(10 * SECOND_MS - 1);
  expect(person.alerts).toEqual([]);
  person.advance(HOUR_MS);
  expect(person.alerts).toMatchObject([
    {
      ...{ alertId: doubtId, rule: 'fall', condition: 'fall-suspected', severity: 'urgent' },
      subject: { type: 'person', id: 'nara' },
      reason: { transition: 'none to movement', likenessPercent: 50 },
    },
  ]);
  expect(person.alerts[0]?.reason.confidencePercent).toBeGreaterThan(80);
  expect(person.changes.length).toBe(1);
});

test('steps are told to nobody', () => {
  const person = livingAlone({ canAsk: true });
  person.read(steps);
  person.advance(HOUR_MS);
  expect(person.changes).toEqual([]);
  expect(person.state('fall', 'person:nara')).toBeUndefined();
});

test('who is asked and does not answer within a minute has fallen', () => {
  const person = livingAlone({ canAsk: true });
  person.read(whole);
  person.advance(10 * SECOND_MS);
  expect(person.changes.at(-1)).toMatchObject({
    type: 'prompt',
    prompt: { promptId: doubtId, personId: 'nara', about: 'fall-suspected', until: person.now + MINUTE_MS },
  });
  person.advance(MINUTE_MS);
  expect(person.alerts.at(-1)).toMatchObject({
    ...{ alertId: 'fall:dev-1:1:1:abcd', condition: 'fall', severity: 'critical' },
    reason: { transition: 'movement to no answer', answerWithinMs: MINUTE_MS },
  });
});

test('who answers that all is well has not fallen, also when people were called before', () => {
  for (const afterMs of [20 * SECOND_MS, 5 * MINUTE_MS]) {
    const person = livingAlone({ canAsk: true });
    person.read(whole);
    person.advance(10 * SECOND_MS + afterMs);
    answer(person, 'fine');
    person.advance(HOUR_MS);
    const raised = person.alerts.map(({ alertId }) => alertId);
    expect(person.later).toMatchObject(raised.map((alertId) => ({ type: 'clear', alertId })));
    expect(raised.length).toBe(afterMs > MINUTE_MS ? 2 : 1);
  }
});

test('who answers with a call for help has fallen', () => {
  const person = livingAlone({ canAsk: true });
  person.read(whole);
  person.advance(20 * SECOND_MS);
  answer(person, 'help');
  expect(person.alerts.at(-1)).toMatchObject({ condition: 'fall', severity: 'critical' });
});

test('who is asked and moves about after the question has not stayed down; what moved before it proves nothing', () => {
  const about = livingAlone({ canAsk: true });
  about.read(whole);
  about.advance(20 * SECOND_MS);
  about.read(door, { where: otherRoom });
  about.advance(30 * SECOND_MS);
  about.read({ name: 'presence', source: 'motion', state: 'on' }, { where: otherRoom });
  about.advance(HOUR_MS);
  expect(about.alerts.map(({ severity }) => severity)).toEqual(['urgent']);

  const down = livingAlone({ canAsk: true });
  down.read(whole);
  down.advance(5 * SECOND_MS);
  down.read(door, { where: otherRoom });
  down.advance(HOUR_MS);
  expect(down.alerts.map(({ severity }) => severity)).toEqual(['urgent', 'critical']);
});

test('who asks for help after all was well, after the device took the fall back or hours later is a fall of now', () => {
  const befores: ((person: ReturnType<typeof livingAlone>) => void)[] = [
    (person) => answer(person, 'fine'),
    (person) => {
      person.advance(5 * MINUTE_MS);
      answer(person, 'fine');
    },
    (person) => person.read({ name: 'fall', state: 'cancelled', seq: 30 }),
    (person) => {
      person.read(door, { where: otherRoom });
      person.advance(3 * HOUR_MS);
    },
  ];
  for (const before of befores) {
    const person = livingAlone({ canAsk: true });
    person.read(whole);
    person.advance(20 * SECOND_MS);
    before(person);
    const known = person.alerts.map(({ alertId }) => alertId);
    person.advance(MINUTE_MS);
    answer(person, 'help');
    const cry = person.alerts.at(-1);
    expect(known).not.toContain(cry?.alertId);
    expect(cry).toMatchObject({
      ...{ condition: 'fall', severity: 'critical', at: person.now, subject: { type: 'person', id: 'nara' } },
      reason: { transition: 'asked to help' },
    });
    answer(person, 'fine');
    expect(person.later.at(-1)).toMatchObject({ type: 'clear', alertId: cry?.alertId });
  }
});

test('who asks for help when another rule asked them has not fallen by that', () => {
  const person = livingAlone({ canAsk: true });
  answer(person, 'help', 'inactivity:h1:1');
  expect(person.changes).toEqual([]);
});

test('a room that another household uses, too, proves nobody up, nor does anybody by whom a watch is worn that nobody knows', () => {
  const { householdId: _, personId: __, ...shared } = otherRoom;
  const people = [{ id: 'nara' } as Person];
  const referring = ((kind: string) => (kind === 'person' ? people : [])) as RegistryView['referring'];
  const inCare = watch(fall, { devices: [home, shared], registry: { referring } });
  const unassigned = watch(fall, { devices: [{ ...shared, deviceId: 'dev-1' }, shared] });
  for (const person of [inCare, unassigned]) {
    person.read(door, { where: shared });
    person.advance(2 * HOUR_MS);
    person.read({ name: 'fall', state: 'confirmed' }, { lateMs: 3 * HOUR_MS });
    expect(person.alerts).toMatchObject([{ severity: 'critical', reason: { transition: 'none to confirmed' } }]);
    person.read(door, { where: shared });
    person.advance(MINUTE_MS);
    person.read(whole);
    person.advance(HOUR_MS);
    expect(person.alerts.slice(1).map(({ condition }) => condition)).toEqual(['fall-suspected']);
  }
});

test('a watch on the table or on its charger falls for nobody; one that came off in the fall did', () => {
  for (const status of [{ worn: 'no' }, { charging: true }] as const) {
    const person = livingAlone({ canAsk: true });
    person.read({ name: 'status', ...status });
    person.advance(MINUTE_MS);
    person.read({ ...ofSuspicion, seq: 8 });
    person.advance(HOUR_MS);
    expect(person.changes).toEqual([]);
    person.read({ ...suspected, seq: 7 });
    person.read({ ...ofSuspicion, seq: 8 });
    person.advance(MINUTE_MS);
    expect(person.alerts).toMatchObject([{ condition: 'fall', reason: { confidencePercent: expect.any(Number) } }]);

    const torn = livingAlone();
    torn.advance(5 * SECOND_MS);
    torn.read({ name: 'status', ...status });
    torn.advance(2 * SECOND_MS);
    torn.read(whole, { lateMs: 7 * SECOND_MS });
    torn.advance(MINUTE_MS);
    expect(torn.alerts).toMatchObject([{ condition: 'fall-suspected' }]);
  }
});

test('whoever was asked is waited for, however many falls another device tells of meanwhile', () => {
  const person = livingAlone({ canAsk: true });
  person.read(whole);
  person.advance(10 * SECOND_MS);
  for (let count = 0; count < 10; count++)
    person.read({ name: 'fall', state: 'confirmed', of: 100 + count, seq: 200 + count }, { where: otherRoom });
  person.advance(MINUTE_MS);
  expect(person.alerts.at(-1)).toMatchObject({ reason: { transition: 'movement to no answer' } });
});

test('a movement that has to make room before it was told is told then', () => {
  const person = livingAlone();
  person.advance(HOUR_MS);
  for (let count = 0; count < 10; count++) person.read(whole, { lateMs: count * 31 * SECOND_MS });
  person.advance(HOUR_MS);
  expect(person.alerts.map(({ condition }) => condition)).toEqual(Array(10).fill('fall-suspected'));
});

test('a press after the movement is a cry, whichever of the two is heard first', () => {
  const person = livingAlone();
  person.read(whole);
  person.advance(5 * SECOND_MS);
  person.read(press);
  expect(person.alerts).toMatchObject([
    { condition: 'fall', severity: 'critical', reason: { transition: 'movement to press' } },
  ]);

  const late = livingAlone();
  late.read(press);
  late.advance(30 * SECOND_MS);
  late.read(whole, { lateMs: 40 * SECOND_MS });
  expect(late.alerts).toMatchObject([{ condition: 'fall', severity: 'critical' }]);
});

test('who is asked and takes back on the button that they need help has answered; a cancel of before the movement is none', () => {
  const person = livingAlone({ canAsk: true });
  person.read(whole);
  person.advance(15 * SECOND_MS);
  expect(person.changes.some(({ type }) => type === 'prompt')).toBe(true);
  person.read({ name: 'press', call: 'cancel' }, { lateMs: MINUTE_MS });
  expect(person.later).toEqual([]);
  person.read({ name: 'press', call: 'cancel' });
  person.advance(HOUR_MS);
  expect(person.alerts.map(({ condition }) => condition)).toEqual(['fall-suspected']);
  expect(person.later).toMatchObject([{ type: 'clear', alertId: person.alerts[0]?.alertId }]);
});

test('a home that was lively and is still after the movement calls people; one that shows nothing proves nothing', () => {
  const person = livingAlone();
  person.read(door, { where: otherRoom });
  person.advance(5 * MINUTE_MS);
  person.read(whole);
  person.advance(10 * MINUTE_MS);
  expect(person.alerts.at(-1)).toMatchObject({
    condition: 'fall',
    severity: 'critical',
    reason: { stillMs: 10 * MINUTE_MS },
  });

  const about = livingAlone();
  about.read(door, { where: otherRoom });
  about.read(whole);
  about.advance(3 * MINUTE_MS);
  about.read(door, { where: otherRoom });
  about.advance(HOUR_MS);
  expect(about.alerts.map(({ severity }) => severity)).toEqual(['urgent']);
});

test('movement strengthens what the device says itself, in any order, and is never a fall of its own beside it', () => {
  const person = livingAlone();
  person.read({ ...suspected, seq: 7 });
  person.read({ ...ofSuspicion, seq: 8 });
  person.advance(MINUTE_MS);
  expect(person.alerts).toMatchObject([{ condition: 'fall', reason: { transition: 'suspected to no verdict' } }]);
  expect(person.alerts[0]?.reason.confidencePercent).toBeGreaterThan(80);

  const swapped = livingAlone();
  swapped.read({ ...ofSuspicion, seq: 8 });
  swapped.advance(5 * SECOND_MS);
  swapped.read({ ...suspected, seq: 7 }, { lateMs: 5 * SECOND_MS });
  swapped.advance(MINUTE_MS);
  expect(swapped.alerts.map(({ condition, severity }) => [condition, severity])).toEqual([['fall', 'critical']]);

  const told = livingAlone();
  told.read({ name: 'fall', state: 'confirmed', of: 7, seq: 9 });
  told.read({ ...ofSuspicion, seq: 8 });
  told.read({ ...ofSuspicion, seq: 8 });
  expect(told.later).toMatchObject([
    { type: 'strengthen', severity: 'critical', reason: { transition: 'told to movement' } },
  ]);
});

test('a fall that the device takes back takes the doubt back, too', () => {
  const person = livingAlone();
  person.read({ ...ofSuspicion, seq: 8 });
  person.advance(15 * SECOND_MS);
  person.read({ ...suspected, seq: 7 }, { lateMs: 15 * SECOND_MS });
  person.read({ name: 'fall', state: 'cancelled', of: 7, seq: 9 });
  person.advance(HOUR_MS);
  expect(person.alerts).toMatchObject([{ condition: 'fall-suspected' }]);
  expect(person.later).toMatchObject([{ type: 'clear', alertId: person.alerts[0]?.alertId }]);
});

test('parts are one window in any order, and what is missing is not waited for for ever', () => {
  const parts = motionReports(tumble, { parts: 4 });
  const orders = [
    [0, 1, 2, 3],
    [3, 1, 0, 2],
    [2, 2, 3, 1, 0, 0],
  ];
  for (const order of orders) {
    const person = livingAlone();
    for (const index of order) {
      const part = parts[index];
      if (part) person.read({ ...part, seq: 20 + index });
    }
    person.advance(10 * SECOND_MS);
    expect(
      person.alerts.map(({ condition }) => condition),
      `${order}`,
    ).toEqual(['fall-suspected']);
  }

  const person = livingAlone();
  for (const [index, part] of parts.slice(0, 3).entries()) person.read({ ...part, seq: 20 + index });
  person.advance(30 * SECOND_MS);
  expect(person.alerts).toEqual([]);
  person.advance(10 * SECOND_MS);
  expect(person.alerts.length).toBe(1);
});

test('a device that does not say where it is worn or how far its sensor reaches is judged all the same', () => {
  const { range: _, placement: __, ...unsaid } = whole;
  const clipped = { ...unsaid, samples: unsaid.samples.map((milliG) => Math.max(-2000, Math.min(2000, milliG))) };
  for (const report of [unsaid, clipped]) {
    const person = livingAlone();
    person.read(report);
    person.advance(HOUR_MS);
    expect(person.alerts.map(({ condition }) => condition)).toEqual(['fall-suspected']);
  }
});

test('a device that begins windows and never ends them fills nothing', () => {
  const person = livingAlone();
  const [first] = motionReports(walking, { parts: 4 });
  if (!first) throw new Error('no part');
  for (let window = 0; window < 20; window++) person.read({ ...first, seq: 4 * window });
  const { windows } = person.state('fall', 'person:nara') as { windows: unknown[] };
  expect(windows.length).toBe(2);
  person.advance(HOUR_MS);
  expect(person.state('fall', 'person:nara')).toBeUndefined();
});

test('a movement of hours ago is a call to check in when somebody went about since', () => {
  const person = livingAlone({ canAsk: true });
  person.advance(3 * HOUR_MS);
  person.read(door, { where: otherRoom });
  person.advance(HOUR_MS);
  person.read(whole, { lateMs: 2 * HOUR_MS });
  person.advance(HOUR_MS);
  expect(person.alerts.map(({ condition, severity }) => [condition, severity])).toEqual([['fall-suspected', 'urgent']]);
  expect(person.changes.some(({ type }) => type === 'prompt')).toBe(false);
});

test('a watch whose movements look like falls all day long never calls a neighbour by that', () => {
  const person = livingAlone();
  for (let count = 0; count < 20; count++) {
    person.read(whole);
    person.advance(5 * MINUTE_MS);
  }
  expect(new Set(person.alerts.map(({ severity }) => severity))).toEqual(new Set(['urgent']));
  expect(person.alerts.length).toBe(20);
  person.advance(3 * HOUR_MS);
  person.read(press);
  expect(person.alerts.length).toBe(20);
});

test('what a movement was pushed out by is not lost: a suspicion counts to the end', () => {
  const person = livingAlone();
  person.read({ ...suspected, seq: 900 });
  for (let count = 0; count < 12; count++) {
    person.advance(2 * SECOND_MS);
    person.read(whole, { lateMs: count * MINUTE_MS + 31 * SECOND_MS });
  }
  person.advance(2 * MINUTE_MS);
  expect(person.alerts).toContainEqual(expect.objectContaining({ condition: 'fall', severity: 'critical' }));
});

function answer(person: ReturnType<typeof livingAlone>, said: 'fine' | 'help', promptId = doubtId): void {
  const asked = { promptId, personId: 'nara', answer: said, by: 'contact:self' };
  person.tell({ type: 'prompt-answered', at: person.now, where: home, ...asked });
}
