import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import writeExcelFile from 'write-excel-file/node';
import { readSheet } from '../../api/registry/sheets/csv.ts';
import { readWorkbook } from '../../api/registry/sheets/workbook.ts';
import { systemChance } from '../../platform/random.ts';
import type { Command, CommandResult, Look } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { smallCounty } from '../../records/registry.test-support.ts';
import { carryOut, changesIn, isRegistryCommand, withChanges } from '../../records/registry-commands.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { sealChanges } from '../../records/sealing.ts';
import { privateFiles } from '../private-files.ts';
import { ownKeys } from './own-keys.test-support.ts';
import { runRegistryCli } from './registry-cli.ts';
import { registryPage } from './registry-pages.ts';

const { folder, vault } = await ownKeys();

/** The process that owns registry and keys, over files of the test's own folder. */
function running() {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(sealChanges(smallCounty, { vault, current: registry }));
  const complaints: string[] = [];
  const printed: string[] = [];
  const looks: Look[] = [];
  const command = async (asked: Command): Promise<CommandResult> => {
    if (asked.type === 'look') looks.push(asked);
    if (asked.type === 'look') return { ok: true };
    const sealed = withChanges(asked, sealChanges(changesIn(asked), { vault, current: registry }));
    if (!isRegistryCommand(sealed)) throw new Error(`the registry does not know ${asked.type}`);
    return carryOut(registry, sealed).result;
  };
  const run = (...argv: string[]) =>
    runRegistryCli({
      argv: argv.map((word) => (/\.(xlsx|csv)$/.test(word) ? join(folder, word) : word)),
      system: {
        command,
        page: async (request) => registryPage(registry, request),
        whyNotErased: async () => undefined,
      },
      openKeys: async () => vault,
      chance: systemChance,
      readText: (path) => readFile(path, 'utf8'),
      writeText: writeFile,
      files: privateFiles,
      print: (text) => printed.push(text),
      complain: (text) => complaints.push(text.replaceAll(`${folder}/`, '')),
    });
  return { registry, complaints, printed, looks, run };
}

test('what was exported as a workbook says nothing new; a cell that was corrected changes its entry alone', async () => {
  const { registry, run, printed, complaints, looks } = running();
  expect([await run('export', '--out', 'county.xlsx'), complaints]).toEqual([0, []]);
  expect(looks).toMatchObject([{ how: 'exported', of: { type: 'registry' } }]);
  expect(await run('import', 'county.xlsx')).toBe(0);
  expect(printed).toEqual(['nothing to change: the registry already says so\n']);
  const before = registry.person('him');
  expect(await run('export', '--out', 'people.csv', '--sheet', 'people')).toBe(0);
  const text = await readFile(join(folder, 'people.csv'), 'utf8');
  expect(text).toContain('Narantuya');
  await writeFile(join(folder, 'people.csv'), text.replace('Narantuya', 'Narantuya B.'));
  expect(await run('import', 'people.csv')).toBe(0);
  expect(printed[1]).toBe('people: 1 changed\n');
  expect(vault.unseal('person:widow', 'name', registry.person('widow')?.name as { sealed: string })).toBe(
    'Narantuya B.',
  );
  expect(registry.person('him')).toBe(before);
});

test('what is wrong is named cell by cell, and marked in a copy beside the file', async () => {
  const { run, complaints } = running();
  const data = [
    ['编号', '级别', '上级编号', '名称'],
    ['n1', '村子', 'township', '北井'],
  ];
  await writeExcelFile([{ sheet: '区域', data }]).toFile(join(folder, 'wrong.xlsx'));
  expect(await run('import', 'wrong.xlsx')).toBe(1);
  expect(complaints).toEqual([
    'wrong.xlsx 区域!B2: area n1: level is one of county, township, village, not "村子" / 只能是：county、township、village',
    'these cells are marked in wrong.problems.xlsx',
    '1 problem; nothing was changed',
  ]);
  const copy = await readWorkbook(await readFile(join(folder, 'wrong.problems.xlsx')));
  expect(JSON.stringify(copy)).toContain('只能填：旗县、苏木乡镇、嘎查村');
});

test('a CSV is known by its name or by --sheet; what cannot be read is told so', async () => {
  const { run, complaints, registry } = running();
  await writeFile(join(folder, 'new.csv'), '编号,级别,上级编号,名称\nnorth,嘎查村,township,北井\n');
  expect(await run('import', 'new.csv')).toBe(1);
  expect(complaints[0]).toContain('name it with --sheet (areas, sites');
  expect(await run('import', 'new.csv', '--sheet', '区域')).toBe(0);
  expect(registry.area('north')?.name).toBe('北井');
  expect(await run('export', '--out', 'some.csv')).toBe(64);
  expect(await run('import', 'nowhere.xlsx')).toBe(66);
  await writeFile(join(folder, 'text.xlsx'), 'just text');
  expect(await run('import', 'text.xlsx')).toBe(1);
  expect(complaints.at(-2)).toContain('no workbook');
  expect(readSheet(await readFile(join(folder, 'new.csv'))).rows).toHaveLength(2);
});
