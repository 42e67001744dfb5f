import { writeSheet } from '../../api/registry/sheets/csv.ts';
import { OperationalError } from '../../platform/errors.ts';
import type { RegistryChange } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { deviceKeys } from '../device-keys.ts';
import { wordsOf } from '../private-files.ts';
import { planProvision } from './provision-plan.ts';
import { readDeviceRows, writtenHeadings } from './provision-rows.ts';
import type { ExitCode, RegistryCliParts } from './registry-cli.ts';
import { sendAsSystem } from './registry-send.ts';

export type ProvisionRequest = {
  file: string;
  /** Where secrets and codes are written; by default beside the file. */
  out?: string | undefined;
  rotate: boolean;
  anyId: boolean;
};

/**
 * Registers the devices of a list: all of them, or none and every problem by its line. Secrets and codes are made here and written to
 * one new file, before anything is asked for, so that no device ever has a secret that nobody knows.
 */
export async function runProvision(
  parts: RegistryCliParts,
  { registry, pepper }: { registry: Registry; pepper: Uint8Array },
  request: ProvisionRequest,
): Promise<ExitCode> {
  const { chance, files, print, complain } = parts;
  const { file, rotate, anyId, out = file.replace(/(\.csv)?$/i, '.secrets.csv') } = request;
  const bytes = await files.read(file).catch(wordsOf);
  if (typeof bytes === 'string') {
    complain(`cannot read ${file}: ${bytes}`);
    return 66;
  }
  const { rows, problems } = readDeviceRows(bytes, { anyId });
  const plan = planProvision(rows, { registry, keys: deviceKeys({ pepper, chance }), rotate });
  const all = [...problems, ...plan.problems].sort((a, b) => a.line - b.line);
  for (const { line, problem } of all) complain(`${file}:${line}: ${problem}`);
  if (all.length > 0) {
    complain(`${all.length} ${all.length === 1 ? 'problem' : 'problems'}; nothing was changed`);
    return 1;
  }
  const already = plan.known > 0 ? `${plan.known} were so already\n` : '';
  if (plan.changes.length === 0) {
    print(`nothing to change\n${already}`);
    return 0;
  }
  const isShown = plan.made > 0;
  try {
    if (isShown) await files.create(out, writeSheet([writtenHeadings, ...plan.shown]));
  } catch (error) {
    complain(`cannot make ${out}: ${wordsOf(error)}; --out FILE names another\nnothing was changed`);
    return 73;
  }
  const ended = await ask(parts, plan.changes, isShown ? out : undefined, file);
  if (ended !== 0) return ended;
  const where = isShown
    ? `their secrets and label codes are in ${out} and nowhere else: hand it on, then delete it\n`
    : '';
  print(`devices: ${plan.added} added, ${plan.renewed} with a new secret\n${already}${where}`);
  return 0;
}

/** `out` holds what was made; without it, the secrets are those of `file`. */
async function ask(parts: RegistryCliParts, changes: RegistryChange[], out: string | undefined, file: string) {
  const { files, complain } = parts;
  try {
    const refusal = await sendAsSystem(parts, changes);
    if (refusal === undefined) return 0;
    if (out !== undefined) await files.remove(out);
    complain(`${refusal}\nnothing was changed`);
    return 1;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    const where = out === undefined ? '' : ` The secrets are in ${out}.`;
    const again = `\`provision ${out ?? file}\` does what is left to do, with the same secrets`;
    complain(`${error.message}\nWhether all devices were registered is not known.${where} ${again}`);
    return 69;
  }
}
