import encodeQR from 'qr';
import { labelText, readClaimCode } from '../../records/claim-code.ts';
import { entities } from '../../records/registry.ts';
import { wordsOf } from '../private-files.ts';
import { type DeviceRow, readDeviceRows } from './provision-rows.ts';
import type { ExitCode, RegistryCliParts } from './registry-cli.ts';

export type LabelRequest = { file: string; out?: string | undefined };

/** Prints the labels of a file that `provision` wrote: a page for sheets of 24 labels, 70 x 37 mm, for its owner alone. */
export async function runLabels(
  { files, print, complain }: RegistryCliParts,
  request: LabelRequest,
): Promise<ExitCode> {
  const { file, out = file.replace(/(\.csv)?$/i, '.labels.html') } = request;
  const bytes = await files.read(file).catch(wordsOf);
  if (typeof bytes === 'string') {
    complain(`cannot read ${file}: ${bytes}`);
    return 66;
  }
  const { rows, problems } = readDeviceRows(bytes, { anyId: true });
  const read = rows.flatMap(readLabel);
  const labels = read.flatMap(({ label }) => label ?? []);
  problems.push(...read.flatMap(({ line, problem }) => (problem === undefined ? [] : [{ line, problem }])));
  if (problems.length === 0 && labels.length === 0)
    problems.push({ line: 1, problem: 'there is no claim code in this file' });
  if (labels.length > mostLabels)
    problems.push({ line: 1, problem: `at most ${mostLabels} labels are printed at once` });
  for (const { line, problem } of problems) complain(`${file}:${line}: ${problem}`);
  if (problems.length > 0) return 1;
  try {
    await files.create(out, labelPage(labels));
  } catch (error) {
    complain(`cannot make ${out}: ${wordsOf(error)}; --out FILE names another`);
    return 73;
  }
  print(`${labels.length} labels are in ${out}: print it at 100 %, without margins, then delete it\n`);
  return 0;
}

const mostLabels = 2_400;

/** What is not an id or a code of ours is not printed: nobody could claim with it, and it could be anything. */
function readLabel({ line, id, code: text }: DeviceRow) {
  if (text === undefined) return [];
  const checked = entities.device.shape.id.safeParse(id);
  if (!checked.success) return [{ line, problem: checked.error.issues.map(({ message }) => message).join(', ') }];
  const code = readClaimCode(text, id);
  return [code.ok ? { line, label: { id, code: code.code } } : { line, problem: code.problem }];
}

/** Ids and codes, as `readLabel` lets them through, have no character that means something in HTML. */
function labelPage(labels: { id: string; code: string }[]): string {
  return `<!doctype html>
<meta charset="utf-8">
<title>Labels</title>
<style>
  @page { size: A4; margin: 0 }
  body { margin: 0; display: grid; grid-template-columns: repeat(3, 70mm); grid-auto-rows: 37.125mm; font: 3mm sans-serif }
  div { display: flex; align-items: center; break-inside: avoid; overflow: hidden }
  svg { width: 31mm; height: 31mm; margin: 0 1mm 0 3mm; flex: none; shape-rendering: crispEdges }
  b { display: block; margin-top: 1mm; font: bold 3.6mm monospace }
</style>
${labels.map(labelOf).join('\n')}
`;
}

/** The id is broken where it does not fit; the code stands in two lines of two groups. */
function labelOf({ id, code }: { id: string; code: string }): string {
  const modules = encodeQR(labelText(id, code), 'raw', { ecc: 'medium', border: 4 });
  const path = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  const picture = `<svg viewBox="0 0 ${modules.length} ${modules.length}"><path d="${path}"/></svg>`;
  const name = (id.match(/.{1,16}/g) ?? []).join('<br>');
  return `<div>${picture}<span>${name}<b>${code.slice(0, 10)}<br>${code.slice(10)}</b></span></div>`;
}
