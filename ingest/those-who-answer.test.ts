import { expect, test } from 'vitest';
import { put } from '../records/registry.test-support.ts';
import type { RegistryChange } from '../records/registry.ts';
import { foldUnderTest, hourMs, minuteMs } from './downlinks.test-support.ts';

const li = { type: 'account', id: 'li' } as const;
const dayMs = 24 * hourMs;

/** At nine in the evening; the county's contacts, and what is asked of the system. */
function county() {
  const home = foldUnderTest();
  let count = 0;
  const named = () => ({ commandId: `those-who-${++count}`, by: li });
  home.append({ kind: 'started', version: 'test', downMs: 0 });
  return {
    ...home,
    change: (change: RegistryChange) => home.send({ type: 'registry-change', ...named(), change }),
    accept: (contactId: string) =>
      home.send({ type: 'hand-over', ...named(), rosterId: 'team', step: { type: 'accept', contactId } }),
    prove: (contactId: string) => home.send({ type: 'contact-proof', ...named(), contactId, how: 'call' }),
    answer: (phoneKey: string, words: { answer?: 'going' | 'cannot'; code?: string } = {}) =>
      home.send({ type: 'reply', ...named(), phoneKey, text: '1', answer: 'going', via: 'sms:modem', ...words }),
    open: (condition: string) =>
      [...home.incidents.openIncidents()].flatMap(({ alerts }) =>
        alerts.filter((alert) => alert.condition === condition && alert.clearedAt === undefined),
      ),
    notices: () =>
      home.judgements.flatMap(({ notices }) => notices.map(({ purpose, recipient }) => ({ purpose, recipient }))),
  };
}

const roster = put('roster', {
  ...{ id: 'team', name: 'team', of: { type: 'area', id: 'township' }, acceptWithinMinutes: 10 },
  shifts: [
    { contactId: 'team', from: '08:00', to: '22:00' },
    { contactId: 'station-east', from: '22:00', to: '08:00' },
  ],
});

test('a shift that nobody takes over is an incident of the system at its own time, also when the journal is judged again', () => {
  const home = county();
  expect(home.change(roster)).toMatchObject({ ok: true });
  home.wait(hourMs);
  expect(home.notices()).toContainEqual({
    purpose: 'hand-over',
    recipient: { type: 'contact', contactId: 'station-east' },
  });
  home.wait(10 * minuteMs);
  expect(home.open('hand-over-open')).toMatchObject([{ at: home.now(), reason: { contactIds: ['station-east'] } }]);
  expect(home.accept('station-east')).toEqual({ ok: true });
  expect(home.open('hand-over-open')).toEqual([]);
  const again = foldUnderTest({ journal: home.journal });
  expect(again.judgements.map(({ differs }) => differs).filter(Boolean)).toEqual([]);
  expect(again.judge.nextDeadline()).toBe(home.judge.nextDeadline());
});

/** The station has a telephone, and is asked to take the shift over. */
function asked() {
  const home = county();
  const station = home.registry.contact('station-east');
  const phoneKey = 's'.repeat(22);
  home.change(put('contact', { ...station, phoneKey }));
  home.change(roster);
  home.wait(hourMs);
  const waiting = () => home.incidents.handOvers.open().length;
  const lines = () =>
    home.judgements.flatMap(({ notices }) =>
      notices.flatMap(({ purpose, text }) => (purpose === 'reply' ? text.detail : [])),
    );
  const code = home.judgements.flatMap(({ notices }) => notices).find(({ purpose }) => purpose === 'hand-over')
    ?.text.incidentCode;
  return { home, phoneKey, waiting, lines, code };
}

test('who is asked to take a shift over does so by answering "1", and whoever answers "2" is still asked', () => {
  const { home, phoneKey, waiting, lines } = asked();
  home.answer(phoneKey, { answer: 'cannot' });
  expect([waiting(), lines()]).toEqual([1, ['not-now']]);
  home.answer(phoneKey);
  expect([waiting(), lines()]).toEqual([0, ['not-now', 'shift-yours']]);
  expect(home.incidents.handOvers.onDuty('team', home.now())).toEqual(['station-east']);
  const again = foldUnderTest({ journal: home.journal });
  expect(again.judgements.map(({ differs }) => differs).filter(Boolean)).toEqual([]);
  home.answer(phoneKey);
  expect(lines().at(-1)).toBe('nothing-open');
});

test('where an alarm is open, too, "1" is about that, unless the code of the shift stands beside it', () => {
  const { home, phoneKey, waiting, lines, code } = asked();
  home.alarm(1);
  home.answer(phoneKey);
  expect([waiting(), lines()]).toEqual([1, ['going']]);
  home.answer(phoneKey, { code: code ?? '' });
  expect([waiting(), lines()]).toEqual([0, ['going', 'shift-yours']]);
});

test('a roster that goes takes its open shift along', () => {
  const home = county();
  home.change(roster);
  home.wait(hourMs + 10 * minuteMs);
  expect(home.open('hand-over-open')).toHaveLength(1);
  home.change({ type: 'remove', entity: 'roster', id: 'team' });
  expect(home.open('hand-over-open')).toEqual([]);
});

test('homes whose contacts do not answer are work of their village, until those answer', () => {
  const home = county();
  home.wait(20 * dayMs);
  const homes = () => home.open('contacts-unproved').map(({ where }) => where.householdId);
  expect(homes()).toEqual(['alone', 'couple', 'resident-1', 'resident-2']);
  const near = home.registry.contact('near');
  home.change(put('contact', { ...near, phoneKey: 'n'.repeat(22) }));
  home.answer('n'.repeat(22));
  expect(homes()).toContain('couple');
  home.prove('daughter');
  expect(homes()).not.toContain('couple');
  expect(home.prove('nobody')).toMatchObject({ ok: false, problem: 'not-found' });
});
