import { expect, test } from 'vitest';
import type { CommandResult, OpenCall } from '../records/command.ts';
import { put } from '../records/registry.test-support.ts';
import { everybody, HOUR_MS, li, MINUTE_MS, SECOND_MS, village } from './village.test-support.ts';

function desk(contacts = everybody) {
  const office = village({ contacts });
  let calls = 0;
  return {
    ...office,
    get now() {
      return office.now;
    },
    call(words: Partial<OpenCall>): CommandResult & { incidentId?: string } {
      calls += 1;
      const command: OpenCall = {
        ...{ type: 'open-call', commandId: `call-command-${calls}`, by: li, kind: 'rescue', topic: 'request' },
        ...{ caller: 'neighbour', ...words },
      };
      return (
        office.step({ type: 'call', at: office.now, command }).result ?? { ok: false, problem: 'invalid', message: '' }
      );
    },
    incident: (result: { incidentId?: string }) => office.incidents.get(result.incidentId ?? ''),
  };
}

test('a neighbour who telephones for somebody calls the same people, with the same clocks, as a button', () => {
  const office = desk();
  const result = office.call({
    householdId: 'herder',
    callId: 'line-1/17',
    phoneKey: 'blind',
    number: '0479',
    words: 'he fell',
  });
  expect(result).toMatchObject({ ok: true });
  expect(office.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
  expect(office.incident(result)).toMatchObject({
    ...{ category: 'call', severity: 'critical', where: { personId: 'bat', placeId: 'house' } },
    call: { kind: 'rescue', topic: 'request', caller: 'neighbour', phoneKey: 'blind' },
  });
  const line = office.timeline.find(({ what }) => what === 'call-logged');
  expect(line?.details).toMatchObject({ kind: 'rescue', number: '0479', words: 'he fell' });
  office.advance(MINUTE_MS);
  expect(office.told()).toEqual(['escalation next', 'escalation desk']);
});

test('three keys are three queues', () => {
  const office = desk();
  const kinds = (['rescue', 'care', 'service'] as const).map((kind) => office.call({ householdId: 'herder', kind }));
  const opened = kinds.map((result) => office.incident(result));
  expect(opened.map((incident) => incident?.severity)).toEqual(['critical', 'urgent', 'service']);
  expect(new Set(opened.map((incident) => incident?.incidentId)).size).toBe(3);
});

test('what the telephone system tells twice is one call', () => {
  const office = desk();
  const first = office.call({ householdId: 'herder', callId: 'line-1/17' });
  office.told();
  expect(office.call({ householdId: 'herder', callId: 'line-1/17' })).toEqual(first);
  expect(office.told()).toEqual([]);
  expect(office.timeline.filter(({ what }) => what === 'call-logged')).toHaveLength(1);
});

test('two telephone systems that count alike, or one that begins anew, lose nobody’s call in another', () => {
  const office = desk();
  const first = office.call({ householdId: 'herder', callId: '17' });
  office.told();
  const second = office.call({ householdId: 'tuya', callId: '17' });
  expect(second.incidentId).not.toBe(first.incidentId);
  expect(office.told()).toContain('alarm desk!');
  const [incident] = office.open();
  if (incident) office.command(incident, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
  office.advance(20 * HOUR_MS);
  office.told();
  const third = office.call({ householdId: 'herder', callId: '17' });
  expect(third.incidentId).not.toBe(first.incidentId);
  expect(office.told()).toContain('alarm near');
});

test('a call about somebody who has fallen belongs to that incident', () => {
  const office = desk();
  const fall = office.alert('fall', 'watch-bat');
  office.advance(5 * MINUTE_MS);
  expect(office.call({ personId: 'bat' })).toMatchObject({ incidentId: fall.incidentId });
});

test('strangers who say nothing of where they are make an incident each, and a county answers', () => {
  const office = desk();
  const [one, two] = [office.call({ caller: 'unknown' }), office.call({ caller: 'unknown' })];
  expect(one.incidentId).not.toBe(two.incidentId);
  expect(office.told()).toContain('alarm desk!');
  const [east, again] = [office.call({ areaId: 'east', kind: 'care' }), office.call({ areaId: 'east', kind: 'care' })];
  expect(east.incidentId).not.toBe(again.incidentId);
  expect(office.incident(east)?.where).toEqual({ areaId: 'east' });
});

test('a call about nobody in the registry is refused', () => {
  expect(desk().call({ householdId: 'nobody' })).toMatchObject({ ok: false, problem: 'not-found' });
});

test('a call that is about an incident stands in its timeline, and any other is on record alone', () => {
  const office = desk();
  const fall = office.alert('fall', 'watch-bat');
  const kept = (about?: string) => {
    const command = {
      type: 'call-log',
      commandId: `kept-${about}`,
      by: li,
      what: 'called-back',
      words: 'all well',
    } as const;
    const named = about === undefined ? {} : { about };
    return office.step({ type: 'call-log', at: office.now, command: { ...command, ...named } }).result;
  };
  expect(kept(fall.incidentId)).toMatchObject({ ok: true });
  expect(office.lines(fall)).toContain('call-logged');
  expect(kept()).toEqual({ ok: true });
  expect(kept('i:nothing')).toMatchObject({ ok: false, problem: 'not-found' });
});

const self = put('contact', {
  ...{ id: 'bat-phone', of: { type: 'person', id: 'bat' }, role: 'self', name: 'Bat', channels: [{ type: 'log' }] },
});

test('who calls for help or has fire in the house is asked, too, and nobody waits for the answer', () => {
  const office = desk([...everybody, self]);
  const answer = office.change({ type: 'raise', alert: office.alertOf('smoke', 'smoke-house') });
  const first = answer.notices.map(({ purpose }) => purpose);
  expect(first).toEqual(['alarm', 'alarm', 'alarm', 'information', 'prompt']);
  const [prompt] = answer.alerts ?? [];
  if (prompt?.type !== 'prompt') throw new Error('nobody was asked');
  const fire = office.open()[0];
  if (!fire) throw new Error('there is no fire');
  expect(office.lines(fire)).toContain('person-asked');
  office.advance(30 * SECOND_MS);
  office.told();
  const say = (said: 'fine' | 'help') => {
    const command = { type: 'prompt-answer', commandId: `answer-${said}`, by: li, answer: said } as const;
    return office.took(office.incidents.answerPrompt({ ...command, promptId: prompt.prompt.promptId }, office.now));
  };
  say('fine');
  expect(office.see(fire).state.phase).toBe('open');
  expect(office.told()).toEqual([]);
  say('help');
  expect(office.told()).toEqual(['worse desk!']);
  expect(office.lines(fire).filter((what) => what === 'person-answered')).toHaveLength(2);
});

test('whoever calls again and then asks for help is heard, also where their incident became part of another', () => {
  const office = desk([...everybody, self]);
  const call = office.alert('call-emergency', 'button-house');
  office.reply('near', '1');
  office.alert('call-emergency', 'button-house');
  const say = (answer: 'fine' | 'help', count: number) => {
    const command = { type: 'prompt-answer', commandId: `answer-${count}`, by: li, answer } as const;
    const promptId = `step-0:${call.incidentId}`;
    return office.took(office.incidents.answerPrompt({ ...command, promptId }, office.now));
  };
  say('help', 1);
  const other = office.alert('fall', 'watch-him');
  office.command(other, { type: 'accept', by: li, contactId: 'next', expectedMinutes: 9 });
  office.command(call, { type: 'merge', by: li, into: other.incidentId, reason: 'one matter' });
  office.told();
  say('fine', 2);
  say('help', 3);
  expect(office.told()).toEqual(['worse desk!']);
  const names = office.notices.map(({ noticeId }) => noticeId);
  expect(new Set(names).size).toBe(names.length);
});

test('one incident asks once, and one about a device asks nobody', () => {
  const office = desk([...everybody, self]);
  office.alert('call-emergency', 'button-house');
  office.advance(2 * MINUTE_MS);
  office.alert('call-emergency', 'button-house');
  office.alert('battery-low', 'smoke-house');
  expect(office.notices.filter(({ purpose }) => purpose === 'prompt')).toHaveLength(1);
  office.advance(HOUR_MS);
  expect(office.notices.filter(({ purpose }) => purpose === 'prompt')).toHaveLength(1);
});

test('when a home burns on after half a day the person is asked again, by a message of its own name', () => {
  const office = desk([...everybody, self]);
  office.alert('smoke', 'smoke-house');
  office.advance(13 * HOUR_MS);
  office.alert('call-emergency', 'button-house');
  office.alert('smoke', 'smoke-house', { alertId: 'another' });
  const asked = office.notices.flatMap(({ purpose, noticeId }) => (purpose === 'prompt' ? noticeId : []));
  expect(asked).toHaveLength(3);
  expect(new Set(asked).size).toBe(3);
});

test('the telephone of somebody who has died is not rung', () => {
  const absence = { reason: 'deceased', since: 1 };
  const office = desk([...everybody, self, put('person', { id: 'bat', householdId: 'herder', name: 'Bat', absence })]);
  office.alert('smoke', 'smoke-house');
  expect(office.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
});
