import { expect, test } from 'vitest';
import { MINUTE_MS, village } from './village.test-support.ts';

test('a possible fall that the person answers ends by itself, and nobody but the desk has heard of it', () => {
  const desk = village();
  const doubt = desk.alert('fall-suspected', 'watch-bat', { severity: 'urgent' });
  desk.advance(MINUTE_MS);
  desk.change({ type: 'clear', alertId: doubt.alerts[0]?.alertId ?? '', at: desk.now, reason: {} });
  const { state } = desk.see(doubt);
  expect(state).toMatchObject({ phase: 'resolved', outcome: 'no-help-needed', contact: 'reached' });
  desk.advance(60 * MINUTE_MS);
  expect(new Set(desk.notices.map(({ recipient }) => recipient.type))).toEqual(new Set(['desk']));
});

test('a possible fall that became one is the same incident, and is ended by nobody but a person', () => {
  const desk = village();
  const doubt = desk.alert('fall-suspected', 'watch-bat', { severity: 'urgent' });
  desk.advance(MINUTE_MS);
  const fall = desk.alert('fall', 'watch-bat', { severity: 'critical' });
  expect(fall.incidentId).toBe(doubt.incidentId);
  for (const { alertId } of desk.see(fall).alerts) desk.change({ type: 'clear', alertId, at: desk.now, reason: {} });
  expect(desk.see(fall).state.phase).toBe('open');
});
