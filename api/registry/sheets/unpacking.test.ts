import fc from 'fast-check';
import { expect, test } from 'vitest';
import writeExcelFile from 'write-excel-file/node';
import { repack } from './unpacking.ts';

const workbook = await writeExcelFile([
  {
    sheet: '人员',
    data: [
      ['编号', '姓名'],
      ['p1', '萨仁高娃'],
    ],
  },
]).toBuffer();

test('what is packed again holds the same cells, and packs to itself', () => {
  const once = repack(workbook);
  if ('problem' in once) throw new Error(once.problem);
  expect(Buffer.from(once.bytes).toString()).toContain('萨仁高娃');
  expect(repack(once.bytes)).toEqual(once);
});

test('whatever happened to its bytes, a workbook is unpacked within bounds or refused in words', () => {
  const change = fc.record({ at: fc.nat(workbook.length - 1), to: fc.nat(255) });
  const cut = fc.nat(workbook.length);
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.option(cut), (changes, end) => {
      const bytes = Buffer.from(workbook);
      for (const { at, to } of changes) bytes[at] = to;
      const packed = repack(end === null ? bytes : bytes.subarray(0, end));
      if ('problem' in packed) expect(packed.zh).toMatch(/\p{Script=Han}/u);
      else expect(packed.bytes.length).toBeLessThan(10_000_000);
    }),
    { seed: 20261123, numRuns: 3_000 },
  );
});

test('a directory that points anywhere, or names a thousand entries, is no workbook', () => {
  const end = workbook.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const forged = (field: number, value: number) => {
    const bytes = Buffer.from(workbook);
    if (field === 16) bytes.writeUInt32LE(value, end + field);
    else bytes.writeUInt16LE(value, end + field);
    return repack(bytes);
  };
  for (const answer of [forged(16, 0xffff_fff0), forged(16, 3), forged(10, 0xffff)])
    expect(answer).toMatchObject({ problem: expect.stringContaining('no workbook') });
});
