import { expect, test } from 'vitest';
import { openAuditTrail } from '../../ingest/audit-trail.ts';
import { TestDisk, testClock } from '../../journal/journal.test-support.ts';
import { alarmAway } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { systemChance } from '../../platform/random.ts';
import type { AuditDraft } from '../../records/audit.ts';
import type { Command } from '../../records/command.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { runAuditCli } from './audit-cli.ts';

const at = Date.parse('2026-11-03T21:00:00+08:00');

test('a whole account is whole, by its own hashes and by the marks in the journal', async () => {
  const { run, mark } = await account();
  mark();
  const { code, output } = await run('verify');
  expect(code).toBe(0);
  expect(output).toMatch(/^3 entries in 1 files are whole, up to entry 3 \([0-9a-f]{64}\)\n1 marks of it are known/);
});

test('where the end was cut off, or the first wrong line, is said, with exit code 1', async () => {
  const { run, mark, edit } = await account();
  mark();
  edit((text) => `${text.split('\n').slice(0, 2).join('\n')}\n`);
  expect(await run('verify')).toEqual({
    code: 1,
    output: '',
    complaints: 'the end is cut off: it reached entry 3, and ends at 2\n2 entries in 1 files before it are whole\n',
  });
  edit((text) => text.replace('account:li', 'account:xi'));
  expect((await run('verify')).complaints).toContain('audit/2026-11.jsonl, line 1: it was changed');
});

test('it shows who did what to whom in the time of the county, with the reason as long as that can be read', async () => {
  const { run } = await account();
  expect((await run('show', '--of', 'person:widow')).output).toBe(
    '3  2026-11-03 21:00:03  account:wang  glass  person:widow  "she does not answer"\n' +
      '1  2026-11-03 21:00:01  account:li  resolved  person:widow  refused: not-allowed  outcome=helped  "(erased)"\n',
  );
  expect((await run('show', '--by', 'li', '--since', '2026-11-03T21:00:02+08:00')).output).toMatch(/^2 /);
  expect((await run('show', '--limit', '1')).output.split('\n').length).toBe(2);
});

test('who reads it is on record, and reasons are not opened when that cannot be', async () => {
  const { run, commands, system } = await account();
  await run('show', '--of', 'person:widow');
  expect(commands).toMatchObject([{ type: 'look', how: 'shown', of: { type: 'audit', id: 'person:widow' } }]);
  system.isAway = true;
  const { code, output, complaints } = await run('show', '--of', 'person:widow');
  expect([code, output.includes('glass  person:widow  "(sealed)"')]).toEqual([0, true]);
  expect(output).not.toContain('she does not answer');
  expect(complaints).toContain('reasons are not opened');
});

test.for([
  [],
  ['verify', 'more'],
  ['show', '--since', 'yesterday'],
  ['verify', '--of', 'x'],
  ['show', '--from', 'x'],
  ['sing'],
])('wrong usage is said so: %s', async (argv) => {
  const { run } = await account();
  expect(await run(...argv)).toMatchObject({ code: 64, complaints: expect.stringContaining('usage:') });
});

test('a folder without an account is another folder than meant', async () => {
  const { run, disk } = await account();
  disk.files.clear();
  expect(await run('verify')).toMatchObject({ code: 66 });
});

async function account() {
  const disk = new TestDisk();
  const trail = await openAuditTrail({ disk, clock: testClock(at), log: silentLog, timeZone: 'Asia/Shanghai' });
  const entry = (n: number, words: Partial<AuditDraft>): AuditDraft => ({
    ...{ at: at + n * 1_000, journal: 'j', sequence: n, by: 'account:li', what: 'shown' },
    ...{ of: { type: 'person', id: 'widow' }, ...words },
  });
  await trail.append([
    entry(1, {
      what: 'resolved',
      refusal: 'not-allowed',
      details: { outcome: 'helped' },
      reason: 'sealed(person:gone):QUFB',
    }),
    entry(2, { of: { type: 'person', id: 'him' } }),
    entry(3, { what: 'glass', by: 'account:wang', reason: 'sealed(person:widow):QUFB' }),
  ]);
  const file = 'audit/2026-11.jsonl';
  const commands: Command[] = [];
  const system = { isAway: false };
  const records: Uint8Array[] = [encodeRecord({ kind: 'tick' })];
  return {
    ...{ disk, commands, system },
    edit: (change: (text: string) => string) =>
      disk.files.set(file, Buffer.from(change(Buffer.from(disk.bytesOf(file)).toString()))),
    /** As desk tells the journal how far the account reaches. */
    mark(): void {
      const by = { type: 'system', id: 'audit' } as const;
      const command = { type: 'audit-mark', commandId: 'mark-123', by, ...trail.end() } as const;
      records.push(encodeRecord({ kind: 'command', command }));
    },
    async run(...argv: string[]) {
      let [output, complaints] = ['', ''];
      const code = await runAuditCli({
        ...{ argv, disk, timeZone: 'Asia/Shanghai', chance: systemChance },
        async command(command) {
          if (system.isAway) throw alarmAway({});
          commands.push(command);
          return { ok: true };
        },
        journal: {
          ...{ firstSequence: 1, headSequence: records.length },
          readBatch: async (from) =>
            records.slice(from - 1).map((body, index) => ({ sequence: from + index, receivedAt: at, body })),
        },
        openKeys: async () => ({ unseal: (owner) => (owner === 'person:widow' ? 'she does not answer' : undefined) }),
        print(text) {
          output += text;
        },
        complain(text) {
          complaints += `${text}\n`;
        },
      });
      return { code, output, complaints };
    },
  };
}
