import { expect, test } from 'vitest';
import { localTimeIn } from '../platform/local-time.ts';
import type { HandOver } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import { put } from '../records/registry.test-support.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { createHandOvers } from './hand-overs.ts';
import { HOUR_MS, MINUTE_MS, reloaded } from './village.test-support.ts';

const shifts = [
  { contactId: 'ba', from: '08:00', to: '20:00' },
  { contactId: 'ca', from: '20:00', to: '08:00' },
];
const contactOf = (id: string) =>
  put('contact', { id, of: { type: 'area', id: 'town' }, role: 'township', name: id, channels: [{ type: 'log' }] });

/** A township's team, at half past seven in the evening. */
function team(words: object = {}, state = new FoldState()) {
  const registry = createRegistry({ state });
  const hasCode = () => false;
  const handOvers = createHandOvers({ state, registry, localTime: localTimeIn('Asia/Shanghai'), hasCode });
  registry.rebuild();
  handOvers.rebuild();
  let at = Date.parse('2026-11-23T19:30+08:00');
  const said: string[] = [];
  const took = ({ alerts, notices }: ReturnType<typeof handOvers.fire>) => {
    said.push(
      ...notices.map(({ purpose, recipient }) => `${purpose} ${'contactId' in recipient ? recipient.contactId : ''}`),
    );
    for (const change of alerts) {
      if (change.type === 'raise') said.push(`raise ${change.alert.condition} ${change.alert.reason.contactIds}`);
      else said.push(change.type);
    }
  };
  const roster = { id: 'team', name: 'team', of: { type: 'area', id: 'town' }, shifts, acceptWithinMinutes: 15 };
  const enter = (more: object = {}) => {
    registry.apply([put('roster', { ...roster, ...words, ...more })]);
    took(handOvers.follow(at));
  };
  if (state.table('registry:roster').size === 0) {
    registry.apply([put('area', { id: 'town', level: 'county', name: 'town' }), ...['ba', 'ca', 'da'].map(contactOf)]);
    enter();
  }
  return {
    state,
    enter,
    registry,
    said: () => said.splice(0),
    onDuty: () => handOvers.onDuty('team', at),
    advance(ms: number) {
      const until = at + ms;
      for (let due = handOvers.nextDeadline(); due !== undefined && due <= until; due = handOvers.nextDeadline()) {
        at = due;
        took(handOvers.fire(due));
      }
      at = until;
    },
    ask(step: HandOver['step'], by: HandOver['by'] = { type: 'account', id: 'li' }) {
      const { result, ...answer } = handOvers.step(
        { type: 'hand-over', commandId: 'c', by, rosterId: 'team', step },
        at,
      );
      took(answer);
      return result;
    },
    follow: () => took(handOvers.follow(at)),
  };
}

test('whoever comes on duty is asked, and takes over by saying so', () => {
  const shift = team();
  expect([shift.said(), shift.onDuty()]).toEqual([[], ['ba']]);
  shift.advance(HOUR_MS / 2);
  expect(shift.said()).toEqual(['hand-over ca']);
  expect(shift.onDuty()).toEqual(['ba', 'ca']);
  expect(shift.ask({ type: 'accept', contactId: 'ca' }, { type: 'contact', id: 'ca' })).toEqual({ ok: true });
  expect(shift.onDuty()).toEqual(['ca']);
  shift.advance(HOUR_MS);
  expect(shift.said()).toEqual([]);
});

test('a shift that nobody takes over is reported once, and who was on duty stays on it', () => {
  const shift = team();
  shift.advance(HOUR_MS / 2 + 14 * MINUTE_MS);
  expect(shift.said()).toEqual(['hand-over ca']);
  shift.advance(MINUTE_MS);
  expect(shift.said()).toEqual(['raise hand-over-open ca']);
  shift.advance(5 * HOUR_MS);
  expect([shift.said(), shift.onDuty()]).toEqual([[], ['ba', 'ca']]);
  shift.ask({ type: 'accept', contactId: 'ca' });
  expect([shift.said(), shift.onDuty()]).toEqual([['clear'], ['ca']]);
});

test('who never came is relieved by the next shift, and what was reported of it is over', () => {
  const shift = team();
  shift.advance(HOUR_MS);
  expect(shift.said()).toEqual(['hand-over ca', 'raise hand-over-open ca']);
  shift.advance(12 * HOUR_MS);
  // Ba, who was never relieved, is on duty again: nobody has to be asked.
  expect([shift.said(), shift.onDuty()]).toEqual([['clear'], ['ba']]);
});

test('a shift that was offered stays with whoever has it until the other one accepts', () => {
  const shift = team();
  expect(shift.ask({ type: 'offer', from: 'ba', to: 'da' })).toEqual({ ok: true });
  expect([shift.said(), shift.onDuty()]).toEqual([['hand-over da'], ['ba']]);
  shift.ask({ type: 'accept', contactId: 'da' });
  expect(shift.onDuty()).toEqual(['da']);
  // The next shift is the roster's own again.
  shift.advance(HOUR_MS / 2);
  expect([shift.said(), shift.onDuty()]).toEqual([['hand-over ca'], ['da', 'ca']]);
});

test('an offer that nobody answers is reported as well', () => {
  const shift = team();
  shift.ask({ type: 'offer', from: 'ba', to: 'da' });
  shift.advance(15 * MINUTE_MS);
  expect(shift.said()).toEqual(['hand-over da', 'raise hand-over-open da']);
});

test('only who is meant may give or take a shift', () => {
  const shift = team();
  expect(shift.ask({ type: 'accept', contactId: 'da' })).toMatchObject({ ok: false, problem: 'invalid' });
  expect(shift.ask({ type: 'offer', from: 'ca', to: 'da' })).toMatchObject({ ok: false, problem: 'invalid' });
  expect(shift.ask({ type: 'offer', from: 'ba', to: 'nobody' })).toMatchObject({ ok: false, problem: 'not-found' });
  const ca = { type: 'contact', id: 'ca' } as const;
  expect(shift.ask({ type: 'offer', from: 'ba', to: 'ca' }, ca)).toMatchObject({ ok: false, problem: 'not-allowed' });
  expect(shift.said()).toEqual([]);
});

test('a restart in the middle of a hand-over goes on from its own deadline', () => {
  const before = team();
  before.advance(HOUR_MS / 2);
  const shift = team({}, reloaded(before.state));
  shift.advance(HOUR_MS / 2 + 15 * MINUTE_MS);
  expect(shift.said()).toEqual(['raise hand-over-open ca']);
});

test('a roster that is removed, or asks nobody any more, leaves nothing open', () => {
  const shift = team();
  shift.advance(HOUR_MS);
  shift.said();
  shift.enter({ acceptWithinMinutes: undefined });
  expect([shift.said(), shift.onDuty()]).toEqual([['clear'], ['ca']]);
  shift.registry.apply([{ type: 'remove', entity: 'roster', id: 'team' }]);
  shift.follow();
  expect(shift.onDuty()).toEqual([]);
});
