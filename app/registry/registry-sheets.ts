import { basename } from 'node:path';
import { sectionNames, sections } from '../../api/registry/registry-entry.ts';
import type { Counts, PlanParts } from '../../api/registry/registry-plan.ts';
import { describeProblem, markedCopy } from '../../api/registry/sheets/marking.ts';
import { planTables } from '../../api/registry/sheets/planning.ts';
import { sectionCalled, type Table, tablesInCsv } from '../../api/registry/sheets/reading.ts';
import { readWorkbook, writeWorkbook } from '../../api/registry/sheets/workbook.ts';
import { csvOf, type Listed, workbookOf } from '../../api/registry/sheets/writing.ts';
import type { EntityType, RegistryChange } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Sealer, unsealEntity } from '../../records/sealing.ts';
import { wordsOf } from '../private-files.ts';
import type { RegistryCliParts } from './registry-cli.ts';

/** What a spreadsheet writes. */
export const isSheetFile = (file: string): boolean => /\.(xlsx|csv)$/i.test(file);

type Planned = { changes: RegistryChange[]; counts: Counts; withoutSecret: number; problemCount: number };

/** Complains of what is wrong cell by cell, and leaves a copy beside the file in which these cells are marked. */
export async function planSheetFile(
  parts: RegistryCliParts,
  planParts: PlanParts,
  { file, sheet }: { file: string; sheet: string | undefined },
): Promise<Planned | 64 | 66 | 73> {
  const { files, complain } = parts;
  const bytes = await files.read(file).catch(wordsOf);
  if (typeof bytes === 'string') {
    complain(`cannot read ${file}: ${bytes}`);
    return 66;
  }
  const tables = isCsv(file) ? tableIn(file, bytes, sheet) : await readWorkbook(bytes);
  if ('problem' in tables) {
    complain(`${file}: ${tables.problem}`);
    return { changes: [], counts: {}, withoutSecret: 0, problemCount: 1 };
  }
  const { problems, ...plan } = await planTables(tables, planParts);
  for (const one of problems) {
    const { sheet: name, line, cell, problem, zh } = describeProblem(tables, one);
    complain(`${file} ${name}!${cell ?? line}: ${problem} / ${zh}`);
  }
  if (problems.length > 0) {
    const copy = file.replace(/(\.\w+)$/, '.problems.xlsx');
    await parts.writeText(copy, await writeWorkbook(markedCopy(tables, problems)));
    complain(`these cells are marked in ${copy}`);
  }
  return { ...plan, problemCount: problems.length };
}

/** Everything, with what is personal in it but for secrets; as CSV one section. */
export async function exportSheets(
  { writeText, complain }: RegistryCliParts,
  { registry, unseal }: { registry: Registry; unseal: Sealer['unseal'] },
  { out, sheet }: { out: string; sheet: string | undefined },
): Promise<0 | 64> {
  const only = sheet === undefined ? undefined : sectionCalled(sheet);
  if ((sheet !== undefined || isCsv(out)) && only === undefined) {
    complain(sheetNeeded);
    return 64;
  }
  const listed = (only === undefined ? sectionNames : [only]).map((section): Listed => {
    const entity: EntityType = sections[section];
    const values = [...registry.list(entity)].map((value) =>
      unsealEntity(entity, value, { unseal, withSecrets: false }),
    );
    return { section, values, isOpen: true };
  });
  const [first] = listed;
  await writeText(out, isCsv(out) && first ? csvOf(first) : await writeWorkbook(workbookOf(listed)));
  return 0;
}

const isCsv = (file: string): boolean => /\.csv$/i.test(file);
const sheetNeeded = `a CSV file holds one section: name it with --sheet (${sectionNames.join(', ')})`;

/** Named by whoever asks, or by the file itself. */
function tableIn(file: string, bytes: Uint8Array, sheet: string | undefined): Table[] | { problem: string } {
  const section = sectionCalled(sheet ?? basename(file).replace(/\.\w+$/, ''));
  return section === undefined ? { problem: sheetNeeded } : tablesInCsv(section, bytes);
}
