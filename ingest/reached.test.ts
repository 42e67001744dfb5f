import { expect, test } from 'vitest';
import { createFold } from '../app/alarm/alarm-core.ts';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import type { Report } from '../firmware-contracts/report.ts';
import type { Command } from '../records/command.ts';
import type { DecidedRecord, JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { put, smallCounty } from '../records/registry.test-support.ts';
import type { Fields } from '../simulators/device.ts';
import { tumbleWindow } from '../simulators/tumble.ts';

const minuteMs = 60_000;

test('a movement like a fall in a home that is still then is a fall, unless the desk has reached the person meanwhile', () => {
  expect(fallsAfter('reached', 'false-alarm')).toEqual(['fall-suspected']);
  expect(fallsAfter('reached', 'helped')).toEqual(['fall-suspected', 'fall']);
  expect(fallsAfter()).toEqual(['fall-suspected', 'fall']);
});

/** What is raised within half an hour of such a movement, when the desk resolves it like this after two minutes. */
function fallsAfter(contact?: 'reached', outcome: 'false-alarm' | 'helped' = 'helped'): string[] {
  const home = livelyHome();
  home.say('watch-2', 'motion', tumbleWindow);
  home.wait(2 * minuteMs);
  if (contact) {
    const [incident] = home.incidents.openIncidents();
    const { incidentId = '', version = 0 } = incident ?? {};
    const command = { incidentId, expectedVersion: version, outcome, contact };
    expect(home.ask({ type: 'resolve', commandId: 'resolve-1', by, ...command })).toMatchObject({ ok: true });
  }
  home.wait(30 * minuteMs);
  return home.raised;
}

const by = { type: 'account', id: 'li' } as const;

/** The widow's house, in which a sensor has just seen her. */
function livelyHome() {
  const { judge, incidents } = createFold('test');
  const raised: string[] = [];
  let [sequence, now] = [0, Date.parse('2026-09-14T02:00:00Z')];
  const append = (record: JournalRecord) => {
    const judgement = judge.step({ sequence: ++sequence, receivedAt: now, body: encodeRecord(record) });
    for (const followUp of judgement.followUps) {
      raised.push(
        ...((followUp as DecidedRecord).alerts?.flatMap((one) => (one.type === 'raise' ? [one.alert.condition] : [])) ??
          []),
      );
      append(followUp);
    }
    return judgement.result?.result;
  };
  const ask = (command: Command) => append({ kind: 'command', command });
  const changes = [...smallCounty, put('device', { id: 'motion-2', kind: 'presence-sensor', placeId: 'house-2' })];
  ask({ type: 'registry-part', commandId: 'import-part', by, importId: 'i', part: 0, changes });
  ask({ type: 'registry-commit', commandId: 'import-commit', by, importId: 'i', parts: 1 });
  const say = (deviceId: string, name: Report['name'], fields: Fields) => {
    const payload = encodeReport({ name, v: 1, boot: 1, seq: 1, age: 0, ...fields } as unknown as Report, 'cbor');
    append({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report: name, payload });
  };
  const wait = (ms: number) => {
    const until = now + ms;
    for (let due = judge.nextDeadline(); due !== undefined && due <= until; due = judge.nextDeadline()) {
      now = due;
      append({ kind: 'tick' });
    }
    now = until;
  };
  say('motion-2', 'presence', { source: 'motion', state: 'on' });
  wait(minuteMs);
  return { incidents, raised, ask, say, wait };
}
