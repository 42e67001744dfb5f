import { expect, test } from 'vitest';
import type { Command } from '../records/command.ts';
import { foldUnderTest, hourMs } from './downlinks.test-support.ts';

/** What somebody does about an incident, in the words of the command; the version is the one that it has then. */
function deedsOf(home: ReturnType<typeof foldUnderTest>) {
  let count = 0;
  return (incidentId: string, words: object): void => {
    const by = { type: 'account', id: 'li' } as const;
    const expectedVersion = home.incidents.get(incidentId)?.version ?? 0;
    const command = { by, commandId: `deed-${++count}-of-li`, incidentId, expectedVersion, ...words } as Command;
    expect(home.send(command)).toMatchObject({ ok: true });
  };
}
const accept = { type: 'accept', contactId: 'team', expectedMinutes: 10 };
const resolve = { type: 'resolve', outcome: 'helped', contact: 'reached' };
const lampsOf = (home: ReturnType<typeof foldUnderTest>) =>
  home.downlinks.ofDevice('watch-2').flatMap(({ ask }) => (ask.name === 'lamp' ? ask.state : []));

test('a light stays while help comes for one of two incidents, and goes out when it comes for none', () => {
  const home = foldUnderTest();
  const deed = deedsOf(home);
  home.hear('watch-2', 'press', { seq: 1, call: 'emergency' });
  home.hear('watch-2', 'press', { seq: 2, call: 'service' });
  const [call = '', service = ''] = [...home.incidents.openIncidents()]
    .sort((a, b) => (a.severity === 'critical' ? -1 : b.severity === 'critical' ? 1 : 0))
    .map(({ incidentId }) => incidentId);
  expect(service).not.toBe('');
  deed(call, accept);
  deed(service, { type: 'claim' });
  deed(service, resolve);
  expect(lampsOf(home)).toEqual(['on']);
  deed(call, resolve);
  expect(lampsOf(home)).toEqual(['on', 'off']);
});

test('a light of which nobody knows whether it is on is put out when help comes no more', () => {
  const home = foldUnderTest();
  const deed = deedsOf(home);
  home.hear('watch-2', 'press', { seq: 1, call: 'emergency' });
  const [{ incidentId = '' } = {}] = [...home.incidents.openIncidents()];
  deed(incidentId, accept);
  home.append({ kind: 'downlink', id: home.downlinks.ofDevice('watch-2')[0]?.id ?? '', deviceId: 'watch-2' });
  home.wait(2 * hourMs);
  expect(home.downlinks.ofDevice('watch-2')[0]?.state.phase).toBe('expired');
  deed(incidentId, resolve);
  expect(lampsOf(home).at(-1)).toBe('off');
});
