import { expect, test } from 'vitest';
import { createFold } from '../app/alarm/alarm-core.ts';
import type { Command } from '../records/command.ts';
import { entityVersion } from '../records/entity-version.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { smallCounty } from '../records/registry.test-support.ts';
import { type Device, entities, type RegistryChange } from '../records/registry.ts';

const dayMs = 24 * 3_600_000;
const startAt = Date.parse('2026-11-23T00:00:00Z');
const secret = { salt: 'c2FsdA==', hmac: 'aG1hYw==' };
const label = { salt: 'c2FsdA==', hmac: 'Y29kZQ==' };
const boxed = entities.device.parse({ id: 'boxed', kind: 'smoke-detector', credential: secret, claim: label });
const by = { type: 'account', id: 'li' } as const;

/** The fold of the alarm process over a small county, stepped record by record. */
function county() {
  const { judge, registry, incidents } = createFold('test');
  registry.apply(smallCounty);
  let sequence = 0;
  let count = 0;
  const append = (record: JournalRecord, afterMs = 0) =>
    judge.step({ sequence: ++sequence, receivedAt: startAt + afterMs, body: encodeRecord(record) });
  return {
    ...{ registry, append },
    /** Changes one device as it stands now, and answers what became of it. */
    change(deviceId: string, become: (now: Device) => Device | undefined, afterMs = 0) {
      const now = registry.device(deviceId);
      const device = now ? become(now) : boxed;
      const expectedVersion = entityVersion(now);
      const change: RegistryChange = device
        ? { type: 'put', entity: 'device', value: device, expectedVersion }
        : { type: 'remove', entity: 'device', id: deviceId, expectedVersion };
      const command: Command = { type: 'registry-change', commandId: `change-${++count}`, by, change };
      return append({ kind: 'command', command }, afterMs);
    },
    silent: () =>
      [...incidents.openIncidents()].flatMap(({ alerts }) =>
        alerts
          .filter(({ condition, clearedAt }) => condition === 'device-silent' && !clearedAt)
          .map(({ where }) => where.deviceId),
      ),
    open: () => [...incidents.openIncidents()],
  };
}
const inHouse = (device: Device): Device =>
  entities.device.parse({ ...device, placeId: 'house-2', claim: { ...label, used: { at: startAt, by: 'li' } } });

test('what lies in a box is not missed; from the day it hangs somewhere it is', () => {
  const home = county();
  home.change('boxed', () => boxed);
  home.append({ kind: 'tick' }, 30 * dayMs);
  expect(home.silent()).not.toContain('boxed');
  home.change('boxed', inHouse, 30 * dayMs);
  home.append({ kind: 'tick' }, 31 * dayMs);
  expect(home.silent()).not.toContain('boxed');
  home.append({ kind: 'tick' }, 33 * dayMs);
  expect(home.silent()).toContain('boxed');
  home.change('boxed', () => boxed, 34 * dayMs);
  expect(home.silent()).not.toContain('boxed');
});

test('a fire that a boxed detector sees reaches the desk and the county at once', () => {
  const home = county();
  home.change('boxed', () => boxed);
  const payload = new TextEncoder().encode('{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}');
  const report = { kind: 'report', source: 'mqtt', deviceId: 'boxed', standing: 'registered' } as const;
  const { notices } = home.append({ ...report, report: 'alarm', payload });
  expect(home.open()).toMatchObject([{ severity: 'critical', where: { deviceId: 'boxed' } }]);
  expect(home.open()[0]?.where).not.toHaveProperty('unregistered');
  const told = notices.map(({ recipient }) => (recipient.type === 'contact' ? recipient.contactId : recipient.type));
  expect(told).toContain('desk');
  home.append({ kind: 'tick' }, 10 * 60_000);
  const everybody = home.open().flatMap(({ told }) => told.map(({ contactId }) => contactId));
  expect(everybody).toContain('lead');
});

test('an import of more devices than any county has is carried out', () => {
  const { append, registry } = county();
  const parts = 130;
  for (let part = 0; part < parts; part++) {
    const changes = Array.from({ length: 1_000 }, (_, at) => {
      const value: Device = { ...boxed, id: `d${part}-${at}` };
      return { type: 'put', entity: 'device', value } as const;
    });
    const command = {
      type: 'registry-part',
      commandId: `part-${part}-of-all`,
      by,
      importId: 'all',
      part,
      changes,
    } as const;
    append({ kind: 'command', command });
  }
  const commit = { type: 'registry-commit', commandId: 'commit-of-all', by, importId: 'all', parts } as const;
  const { result, devices } = append({ kind: 'command', command: commit });
  expect([result?.result, devices.length]).toEqual([{ ok: true }, 130_000]);
  expect(registry.device('d129-999')).toBeDefined();
}, 60_000);

test('a connection is cut when its secret is another or its device is gone, and not when it only moves', () => {
  const home = county();
  expect(home.change('boxed', () => boxed).devices).toEqual(['boxed']);
  expect(home.change('boxed', inHouse).devices).toEqual([]);
  expect(home.change('boxed', (now) => ({ ...now, credential: label })).devices).toEqual(['boxed']);
  expect(home.change('boxed', () => undefined).devices).toEqual(['boxed']);
});

test('a change that names another version than what stands there changes nothing', () => {
  const home = county();
  home.change('boxed', () => boxed);
  const before = entityVersion(boxed);
  let count = 0;
  const ask = (change: RegistryChange) =>
    home.append({
      kind: 'command',
      command: { type: 'registry-change', commandId: `asked-${++count}-times`, by, change },
    }).result?.result;
  const put = (expectedVersion?: number) =>
    ask({ type: 'put', entity: 'device', value: { ...boxed, room: 'hall' }, expectedVersion });
  expect(put(0)).toMatchObject({ ok: false, problem: 'version-conflict', currentVersion: before });
  expect(put(before + 1)).toMatchObject({ ok: false, problem: 'version-conflict' });
  const nobody = { type: 'remove', entity: 'device', id: 'nobody', expectedVersion: before } as const;
  expect(ask(nobody)).toMatchObject({ problem: 'not-found' });
  expect(home.registry.device('boxed')).toEqual(boxed);
});

test('without a place a device needs a label that nobody used: one that was forgotten is refused', () => {
  const { claim: _, ...forgotten } = boxed;
  const problem = (device: Device) => county().registry.check([{ type: 'put', entity: 'device', value: device }]);
  expect(problem(boxed)).toEqual([]);
  expect(problem(forgotten)).toMatchObject([{ problem: expect.stringContaining('give it a placeId') }]);
  expect(problem({ ...boxed, claim: { ...label, used: { at: 1, by: 'li' } } })).toHaveLength(1);
});
