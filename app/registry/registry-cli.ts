import { open, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { sectionNames } from '../../api/registry/registry-entry.ts';
import type { Counts, PlanParts } from '../../api/registry/registry-plan.ts';
import { checkSecret, makeCredential } from '../../broker/credentials.ts';
import { OperationalError } from '../../platform/errors.ts';
import { type Chance, systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { createRegistry, type Registry } from '../../records/registry-fold.ts';
import type { Sealer } from '../../records/sealing.ts';
import { missingClips } from '../../responders/voice/clips.ts';
import { allRules } from '../../rules/all-rules.ts';
import { thresholdSays } from '../../rules/explain/threshold-sentence.ts';
import { readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { exitWith } from '../exit.ts';
import { privateFiles, wordsOf } from '../private-files.ts';
import { type LabelRequest, runLabels } from './label-page.ts';
import { type ProvisionRequest, runProvision } from './provision.ts';
import { exportRegistry } from './registry-export.ts';
import { planImport } from './registry-import.ts';
import { type Fetched, fetchRegistry, type PageRequest, type RegistryPage } from './registry-pages.ts';
import { sendAsSystem } from './registry-send.ts';
import { exportSheets, isSheetFile, planSheetFile } from './registry-sheets.ts';

/** What the command needs of the running system and of the world. */
export type RegistryCliParts = {
  argv: string[];
  system: {
    command(command: Command): Promise<CommandResult>;
    page(request: PageRequest): Promise<RegistryPage>;
    /** Why somebody is not to leave the registry now. */
    whyNotErased(personId: string): Promise<string | undefined>;
  };
  /** The keys, to read with; opened when the system has answered, because it is what makes them. */
  openKeys(): Promise<Keys>;
  chance: Chance;
  readText(path: string): Promise<string>;
  /** Makes a file that its owner alone may read: it holds names and telephone numbers. */
  writeText(path: string, text: string | Uint8Array): Promise<void>;
  /** For what is read as bytes, and for what must not take the place of anything. */
  files: typeof privateFiles;
  print(text: string): void;
  complain(text: string): void;
};

type Keys = Pick<Sealer, 'unseal'> & { pepper(): Uint8Array };

/**
 * 0: done. 1: the file has problems, and nothing was changed. 64: wrong usage. 66: no such file. 69: the system is away. 73: the file of
 * secrets cannot be made.
 */
export type ExitCode = 0 | 1 | 64 | 66 | 69 | 73;

const usage = `usage: npm run registry -- import FILE.(yaml|xlsx|csv) [--sheet NAME]
       npm run registry -- export [--with-secrets] [--out FILE.(yaml|xlsx|csv)] [--sheet NAME]
       npm run registry -- provision LIST.csv [--out SECRETS.csv] [--rotate] [--any-id]
       npm run registry -- labels SECRETS.csv [--out LABELS.html]`;

/** `npm run registry`: reads a file into the registry of the running system, or writes the registry into one. */
export async function runRegistryCli(parts: RegistryCliParts): Promise<ExitCode> {
  const asked = readArguments(parts.argv);
  if (!asked) {
    parts.complain(usage);
    return 64;
  }
  if (asked.type === 'labels') return runLabels(parts, asked);
  try {
    const fetched = await fetchRegistry((request) => parts.system.page(request));
    const keys = await parts.openKeys();
    if (asked.type === 'import') return await runImport(parts, { fetched, keys }, asked);
    if (asked.type === 'provision')
      return await runProvision(parts, { registry: copyOf(fetched), pepper: keys.pepper() }, asked);
    await putOnRecord(parts);
    if (asked.out !== undefined && isSheetFile(asked.out))
      return await exportSheets(
        parts,
        { registry: copyOf(fetched), unseal: keys.unseal },
        { ...asked, out: asked.out },
      );
    const text = exportRegistry(copyOf(fetched), { unseal: keys.unseal, withSecrets: asked.withSecrets });
    if (asked.out === undefined) parts.print(text);
    else await parts.writeText(asked.out, text);
    return 0;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    parts.complain(`${error.message}\nrun the command again when it does: an import does only what is left to do`);
    return 69;
  }
}

/** Names and numbers are about to be handed out. */
async function putOnRecord({ system, chance }: RegistryCliParts): Promise<void> {
  const commandId = `export-${Buffer.from(chance.bytes(12)).toString('base64url')}`;
  const look = { type: 'look', commandId, by: { type: 'system', id: 'command-line' }, how: 'exported' } as const;
  const result = await system.command({ ...look, of: { type: 'registry', id: 'all' } });
  if (!result.ok) throw new Error(`the export could not be put on record: ${result.message}`);
}

type Asked =
  | { type: 'import'; file: string; sheet: string | undefined }
  | { type: 'export'; withSecrets: boolean; out?: string; sheet: string | undefined }
  | ({ type: 'provision' } & ProvisionRequest)
  | ({ type: 'labels' } & LabelRequest);

function readArguments(args: string[]): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...{ 'with-secrets': { type: 'boolean', default: false }, out: { type: 'string' } },
        ...{ rotate: { type: 'boolean', default: false }, 'any-id': { type: 'boolean', default: false } },
        sheet: { type: 'string' },
      },
    });
    const [verb, file, ...more] = positionals;
    const { 'with-secrets': withSecrets, out, rotate, 'any-id': anyId, sheet } = values;
    if (more.length > 0) return undefined;
    if (verb === 'provision' && file && !withSecrets) return { type: 'provision', file, out, rotate, anyId };
    if (rotate || anyId) return undefined;
    if (verb === 'labels' && file && !withSecrets) return { type: 'labels', file, out };
    if (verb === 'import' && file && !withSecrets && !out) return { type: 'import', file, sheet };
    if (verb === 'export' && !file) return { type: 'export', withSecrets, sheet, ...(out !== undefined && { out }) };
  } catch {
    // An unknown option: the usage says which there are.
  }
  return undefined;
}

/** The registry as it is now in a fold of our own. */
function copyOf(fetched: Fetched): Registry {
  const copy = createRegistry({ state: new FoldState() });
  copy.apply(fetched.map((each) => ({ type: 'put', ...each }) as RegistryChange));
  return copy;
}

async function runImport(
  parts: RegistryCliParts,
  { fetched, keys }: { fetched: Fetched; keys: Keys },
  { file, sheet }: { file: string; sheet: string | undefined },
): Promise<ExitCode> {
  const { chance, print, complain } = parts;
  const pepper = keys.pepper();
  const planParts: PlanParts = {
    ...{ registry: copyOf(fetched), rules: allRules, unseal: keys.unseal, missingClips },
    credentialFor: (plain, current) =>
      current && checkSecret({ secret: Buffer.from(plain), credential: current, pepper })
        ? current
        : makeCredential({ secret: plain, pepper, chance }),
  };
  const planned = isSheetFile(file)
    ? await planSheetFile(parts, planParts, { file, sheet })
    : await planYamlFile(parts, planParts, file);
  if (typeof planned === 'number') return planned;
  if (planned.problemCount > 0) {
    const count = planned.problemCount;
    complain(`${count} ${count === 1 ? 'problem' : 'problems'}; nothing was changed`);
    return 1;
  }
  const refusal = (await whyStay(parts, planned.changes)) ?? (await sendAsSystem(parts, planned.changes));
  if (refusal) {
    complain(`${refusal}\nnothing was changed`);
    return 1;
  }
  print(`${summary(planned.counts)}\n${limitsSay(planned.changes)}${withoutSecret(planned.withoutSecret)}`);
  return 0;
}

/** Nobody is taken out in the middle of their own emergency. */
async function whyStay({ system }: RegistryCliParts, changes: readonly RegistryChange[]): Promise<string | undefined> {
  for (const change of changes) {
    if (change.type !== 'remove' || change.entity !== 'person') continue;
    const why = await system.whyNotErased(change.id);
    if (why !== undefined) return `person ${change.id}: ${why}`;
  }
  return undefined;
}

async function planYamlFile({ readText, complain }: RegistryCliParts, planParts: PlanParts, file: string) {
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    complain(`cannot read ${file}: ${wordsOf(error)}`);
    return 66 as const;
  }
  const plan = planImport({ text, ...planParts });
  for (const { line, problem } of plan.problems) complain(`${file}:${line}: ${problem}`);
  return { ...plan, problemCount: plan.problems.length };
}

function summary(counts: Counts): string {
  const lines = sectionNames.flatMap((section) => {
    const some = Object.entries(counts[section] ?? {}).map(([outcome, count]) => `${count} ${outcome}`);
    return some.length === 0 ? [] : `${section}: ${some.join(', ')}`;
  });
  return lines.length === 0 ? 'nothing to change: the registry already says so' : lines.join('\n');
}

/** What limits that are new or changed will do. */
function limitsSay(changes: readonly RegistryChange[]): string {
  const says = changes.flatMap((change) =>
    change.type === 'put' && change.entity === 'threshold' ? [thresholdSays(change.value)] : [],
  );
  return says.map((said) => `${said['zh-CN']}\n${said.en}\n`).join('');
}

function withoutSecret(count: number): string {
  return count === 0 ? '' : `${count} of these devices have no secret yet, and cannot connect until they have one\n`;
}

async function writePrivately(path: string, text: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    // A file that was there already keeps its rights otherwise.
    await file.chmod(0o600);
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

if (import.meta.main) {
  try {
    const configuration = readConfiguration(process.env);
    const control = connectControl(configuration.dataFolder);
    const { keysFolder: folder, masterKey } = configuration;
    process.exitCode = await runRegistryCli({
      argv: process.argv.slice(2),
      system: {
        command: (command) => control.ask('command', command),
        page: (request) => control.ask('registry-page', request),
        whyNotErased: async (personId) => (await control.ask<{ why?: string }>('why-not-erased', { personId })).why,
      },
      openKeys: () => openVault({ folder, chance: systemChance, masterKey, readOnly: true }),
      chance: systemChance,
      readText: (path) => readFile(path, 'utf8'),
      writeText: writePrivately,
      files: privateFiles,
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    control.close();
  } catch (error) {
    exitWith(error);
  }
}
