import { expect, test } from 'vitest';
import { contact, li, village } from './village.test-support.ts';

const helped = { outcome: 'helped', contact: 'reached' } as const;

test('what whoever is there says of the end is on record, and ends no call for help', () => {
  const desk = village();
  const call = desk.alert('call-emergency', 'button-house');
  desk.command(call, { type: 'accept', by: contact('near'), contactId: 'near', expectedMinutes: 5 });
  expect(desk.command(call, { type: 'report', by: contact('near'), contactId: 'near', ...helped })).toMatchObject({
    ok: true,
  });
  expect(desk.see(call)).toMatchObject({ state: { phase: 'responding' }, report: { contactId: 'near', ...helped } });
  expect(desk.lines(call)).toContain('reported');
  expect(desk.command(call, { type: 'resolve', by: li, ...helped })).toMatchObject({ ok: true });
  expect(desk.command(call, { type: 'report', by: contact('near'), contactId: 'near', ...helped })).toMatchObject({
    ok: false,
  });
});

test('a later word replaces an earlier one, and the desk may write it down for whoever telephones', () => {
  const desk = village();
  const call = desk.alert('call-emergency', 'button-house');
  desk.command(call, { type: 'report', by: contact('near'), contactId: 'near', ...helped });
  const mistaken = { outcome: 'false-alarm', contact: 'not-applicable' } as const;
  desk.command(call, { type: 'report', by: li, contactId: 'station', ...mistaken });
  expect(desk.see(call).report).toMatchObject({ contactId: 'station', ...mistaken });
});

test('nobody reports of a home that they were not told about, nor for somebody else', () => {
  const desk = village();
  const call = desk.alert('call-emergency', 'button-house');
  expect(desk.command(call, { type: 'report', by: contact('night'), contactId: 'night', ...helped })).toMatchObject({
    ok: false,
  });
  expect(desk.command(call, { type: 'report', by: contact('near'), contactId: 'station', ...helped })).toMatchObject({
    ok: false,
  });
  expect(desk.command(call, { type: 'report', by: li, contactId: 'night', ...helped })).toMatchObject({
    ok: false,
    problem: 'invalid',
  });
  expect(desk.see(call).report).toBeUndefined();
});
