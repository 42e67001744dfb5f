import { expect, test } from 'vitest';
import { TestDisk, testClock } from '../journal/journal.test-support.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { Command } from '../records/command.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { remove } from '../records/registry.test-support.ts';
import { checkAudit } from './audit-check.ts';
import { followAudit } from './audit-follower.ts';
import type { AuditLine } from './audit-lines.ts';
import { findAudit } from './audit-reading.ts';
import type { Stored } from './judge.ts';

const li = { type: 'account', id: 'li' } as const;
const dayMs = 86_400_000;
const look = (id: string): Command => ({
  ...{ type: 'look', commandId: `look-at-${id}`, by: li, of: { type: 'person', id }, how: 'shown' },
});

test('looks are on the account once each, in their order, with where it is', async () => {
  const { home, desk, told } = world();
  home.send(look('widow'));
  home.send(look('her'));
  await desk().running();
  expect((await told()).map(({ what, of, areaId }) => [what, of.id, areaId])).toEqual([
    ['journal', 'j1', undefined],
    ['shown', 'widow', 'east'],
    ['shown', 'her', 'east'],
  ]);
});

test('however often desk is killed, and wherever, nothing is told twice or left out', async () => {
  const { home, disk, desk, told, clock } = world();
  for (let round = 0; round < 12; round++) {
    home.send(look(`somebody-${round}`));
    home.ask(look(`cut-off-${round}`));
    const one = desk();
    await clock.pass(round % 3 === 0 ? 6_000 : 100);
    if (round % 4 === 1) await one.stop();
    else one.kill();
    // What was being written when it died may be there in part.
    const bytes = disk.bytesOf(file);
    if (round % 5 === 2) disk.files.set(file, bytes.slice(0, -30));
    home.decide(`look-at-cut-off-${round}`);
  }
  await desk().running();
  await clock.pass(6_000);
  const ids = (await told()).flatMap(({ what, of }) => (what === 'shown' ? [of.id] : []));
  const all = Array.from({ length: 12 }, (_, round) => [`somebody-${round}`, `cut-off-${round}`]).flat();
  expect(ids).toEqual(all);
  expect((await checkAudit({ disk, marks: [] })).wrong).toBeUndefined();
});

test('of what a power cut may still take away nothing is told', async () => {
  const { home, desk, told, clock, durable } = world();
  durable.upTo = 0;
  home.send(look('widow'));
  desk();
  await clock.pass(5_000);
  expect(await told()).toEqual([]);
  durable.upTo = home.journal.length;
  await clock.pass(1_000);
  expect((await told()).at(-1)).toMatchObject({ what: 'shown', of: { id: 'widow' } });
});

test('what a disk that failed did not keep is told when it works again, once', async () => {
  const { home, disk, desk, told, clock } = world();
  home.send(look('widow'));
  const { poke } = desk();
  await clock.pass(1_000);
  home.send(look('her'));
  disk.failsNextSync = true;
  poke();
  await clock.pass(1_000);
  expect((await told()).map(({ of }) => of.id)).toEqual(['j1', 'widow']);
  disk.failsNextSync = false;
  await clock.pass(20_000);
  expect((await told()).map(({ of }) => of.id)).toEqual(['j1', 'widow', 'her']);
});

test('once a day the journal is told how far the account reaches', async () => {
  const { home, desk, clock, marks } = world();
  home.send(look('widow'));
  const { poke } = desk();
  await clock.pass(1_000);
  expect(marks.map(({ n }) => n)).toEqual([2]);
  home.send(look('her'));
  poke();
  await clock.pass(1_000);
  expect(marks.length).toBe(1);
  home.wait(dayMs);
  home.send(look('him'));
  await clock.pass(61_000);
  poke();
  await clock.pass(1_000);
  expect(marks.map(({ n }) => n)).toEqual([2, 4]);
});

test('a journal that was put back, and one that no longer holds what was not told, are gaps on the account', async () => {
  const { home, desk, told, clock, source } = world();
  for (const id of ['a', 'b', 'c']) home.send(look(id));
  const first = desk();
  await clock.pass(1_000);
  await first.stop();
  // More may have been written since than was lost.
  home.journal.length = 2;
  home.wait(1_000);
  for (const id of ['after', 'more', 'most']) home.send(look(id));
  const second = desk();
  await clock.pass(1_000);
  await second.stop();
  expect((await told()).slice(-4)).toMatchObject([
    { what: 'gap', sequence: 2, details: { from: 3, to: 6, why: 'the journal was put back' } },
    { what: 'shown', of: { id: 'after' } },
    { what: 'shown', of: { id: 'more' } },
    { what: 'shown', of: { id: 'most' } },
  ]);
  const read = home.journal.length;
  for (const id of ['d', 'e']) home.send(look(id));
  source.firstSequence = read + 3;
  const third = desk();
  await third.running();
  await third.stop();
  expect((await told()).slice(-2)).toMatchObject([
    { what: 'gap', details: { from: read + 1, to: read + 2, why: 'the journal no longer holds it' } },
    { what: 'shown', of: { id: 'e' } },
  ]);
  await desk().running();
  expect((await told()).at(-1)).toMatchObject({ what: 'shown', of: { id: 'e' } });
});

test('of an import of which the end was not written any more, the rest is told after the start, and nothing twice', async () => {
  const { home, disk, desk, told } = world();
  const changes = ['a', 'b', 'c', 'd'].map((id) => remove('person', id));
  const import_ = { by: li, importId: 'import-1' };
  home.send({ type: 'registry-part', commandId: 'import-1-0', ...import_, part: 0, changes });
  home.send({ type: 'registry-commit', commandId: 'import-1-end', ...import_, parts: 1 });
  const first = desk();
  await first.running();
  first.kill();
  const lines = Buffer.from(disk.bytesOf(file)).toString().split('\n');
  disk.files.set(file, Buffer.from(`${lines.slice(0, 4).join('\n')}\n`));
  const second = desk();
  await second.running();
  await second.stop();
  const expected = ['journal j1', 'imported import-1', 'erased a', 'erased b', 'erased c', 'erased d'];
  expect((await told()).map(({ what, of }) => `${what} ${of.id}`)).toEqual(expected);
  await desk().running();
  expect((await told()).length).toBe(6);
  expect((await checkAudit({ disk, marks: [] })).wrong).toBeUndefined();
});

test('a look that was sent again, and decided again, is told once', async () => {
  const { home, desk, told } = world();
  home.send(look('widow'));
  home.send(look('widow'));
  await desk().running();
  expect((await told()).map(({ what }) => what)).toEqual(['journal', 'shown']);
});

test('what comes again under an id from before a start is told once: the alarm process did nothing for it', async () => {
  const { home, desk, told, clock } = world();
  const change = (id: string): Command => ({
    ...{ type: 'registry-change', commandId: 'reused-1', by: li, change: remove('person', id) },
  });
  home.send(change('widow'));
  const first = desk();
  await clock.pass(6_000);
  await first.stop();
  home.send(change('her'));
  await desk().running();
  expect((await told()).map(({ what, of }) => `${what} ${of.id}`)).toEqual(['journal j1', 'erased widow']);
});

test('a record that cannot be read is a gap, and what comes after it is told', async () => {
  const { home, desk, told } = world();
  home.journal.push({ sequence: 1, receivedAt: home.now(), body: new Uint8Array([99, 1]) });
  home.send(look('widow'));
  const first = desk();
  await first.running();
  await first.stop();
  home.journal.push({ sequence: home.journal.length + 1, receivedAt: home.now(), body: new Uint8Array([99, 1]) });
  const second = desk();
  await second.running();
  await second.stop();
  await desk().running();
  expect((await told()).map(({ what }) => what)).toEqual(['journal', 'gap', 'shown', 'gap']);
});

const file = 'audit/2026-11.jsonl';

/** A journal in memory: what was asked, and what it came to. */
function journalInMemory() {
  const journal: Stored[] = [];
  let at = Date.parse('2026-11-03T21:00:00+08:00');
  const append = (record: JournalRecord) =>
    journal.push({ sequence: journal.length + 1, receivedAt: at, body: encodeRecord(record) });
  const home = {
    journal,
    now: () => at,
    wait(ms: number): void {
      at += ms;
    },
    /** Nobody knows yet what it comes to. */
    ask: (command: Command) => append({ kind: 'command', command }),
    decide: (commandId: string) =>
      append({ kind: 'decided', cause: journal.length, version: 'test', result: { commandId, result: { ok: true } } }),
    send(command: Command): void {
      home.ask(command);
      home.decide(command.commandId);
    },
  };
  return home;
}

function world() {
  const disk = new TestDisk();
  const home = journalInMemory();
  const clock = testClock(home.now());
  const listeners = new Set<() => void>();
  const durable = { upTo: Number.POSITIVE_INFINITY };
  const marks: { n: number }[] = [];
  const { journal } = home;
  const source = {
    id: 'j1',
    firstSequence: 1,
    get headSequence() {
      return journal.length;
    },
    readBatch: async (from: number) => journal.slice(from - 1, from + 6),
    onDurable(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  function desk() {
    let isDead = false;
    const audit = followAudit({
      ...{
        source,
        disk: deadly(disk, () => isDead),
        clock,
        log: silentLog,
        metrics: createMetrics(),
        timeZone: 'Asia/Shanghai',
      },
      isDurable: (sequence) => !isDead && sequence <= durable.upTo,
      areaOf: ({ id }) => (['widow', 'her'].includes(id) ? 'east' : undefined),
      async send(command) {
        if (command.type !== 'audit-mark') return;
        marks.push(command);
        home.send(command);
      },
    });
    return {
      running: () => clock.pass(1_000),
      poke: () => listeners.forEach((listen) => void listen()),
      stop: async () => {
        const stopping = audit.stop();
        await clock.pass(200);
        await stopping;
      },
      /** It does nothing any more, and is not told to stop. */
      kill(): void {
        isDead = true;
        listeners.clear();
      },
    };
  }
  const told = async (): Promise<AuditLine[]> =>
    (await findAudit(disk, { limit: 1_000, isSeen: () => true })).entries.reverse();
  return { disk, clock, home, source, desk, told, durable, marks };
}

/** The disk of a process that may be dead: then nothing is answered. */
function deadly(disk: TestDisk, isDead: () => boolean): TestDisk {
  const never = new Promise<never>(() => {});
  return new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) =>
        isDead() ? never : (value as (...all: unknown[]) => unknown).apply(target, given);
    },
  });
}
