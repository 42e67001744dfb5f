import { open, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { checkSecret, makeCredential } from '../broker/credentials.ts';
import { OperationalError } from '../platform/errors.ts';
import { type Chance, systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import type { Command, CommandResult } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import type { EntityType, RegistryChange } from '../records/registry.ts';
import { type Applied, createRegistry, type Registry } from '../records/registry-fold.ts';
import { keyOf } from '../records/registry-links.ts';
import { type Sealer, unsealEntity } from '../records/sealing.ts';
import { allRules } from '../rules/all-rules.ts';
import { readConfiguration } from './configuration.ts';
import { connectControl } from './control-socket.ts';
import { exitWith } from './exit.ts';
import { type LabelRequest, runLabels } from './label-page.ts';
import { privateFiles } from './private-files.ts';
import { type ProvisionRequest, runProvision } from './provision.ts';
import { exportRegistry } from './registry-export.ts';
import { planImport } from './registry-import.ts';
import { type Fetched, fetchRegistry, type PageRequest, type RegistryPage } from './registry-pages.ts';
import { sendChanges } from './registry-send.ts';
import { type Section, sectionNames, sections } from './registry-yaml.ts';

/** What the command needs of the running system and of the world. */
export type RegistryCliParts = {
  argv: string[];
  system: { command(command: Command): Promise<CommandResult>; page(request: PageRequest): Promise<RegistryPage> };
  /** The keys, to read with; opened when the system has answered, because it is what makes them. */
  openKeys(): Promise<Keys>;
  chance: Chance;
  readText(path: string): Promise<string>;
  /** Makes a file that its owner alone may read: it holds names and telephone numbers. */
  writeText(path: string, text: string): Promise<void>;
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

const usage = `usage: npm run registry -- import FILE
       npm run registry -- export [--with-secrets] [--out FILE]
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
    if (asked.type === 'import') return await runImport(parts, { fetched, keys, file: asked.file });
    if (asked.type === 'provision')
      return await runProvision(parts, { registry: copyOf(fetched), pepper: keys.pepper() }, asked);
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

type Asked =
  | { type: 'import'; file: string }
  | { type: 'export'; withSecrets: boolean; out?: string }
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
      },
    });
    const [verb, file, ...more] = positionals;
    const { 'with-secrets': withSecrets, out, rotate, 'any-id': anyId } = values;
    if (more.length > 0) return undefined;
    if (verb === 'provision' && file && !withSecrets) return { type: 'provision', file, out, rotate, anyId };
    if (rotate || anyId) return undefined;
    if (verb === 'labels' && file && !withSecrets) return { type: 'labels', file, out };
    if (verb === 'import' && file && !withSecrets && !out) return { type: 'import', file };
    if (verb === 'export' && !file) return { type: 'export', withSecrets, ...(out !== undefined && { out }) };
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
  { fetched, keys, file }: { fetched: Fetched; keys: Keys; file: string },
): Promise<ExitCode> {
  const { chance, readText, print, complain } = parts;
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    complain(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
    return 66;
  }
  // What the file would change is tried on the copy first, in plain text.
  const registry = copyOf(fetched.map(({ entity, value }) => ({ entity, value: unsealEntity(entity, value, keys) })));
  const pepper = keys.pepper();
  const plan = planImport({
    ...{ text, registry, rules: allRules, unseal: keys.unseal },
    credentialFor: (plain, current) =>
      current && checkSecret({ secret: Buffer.from(plain), credential: current, pepper })
        ? current
        : makeCredential({ secret: plain, pepper, chance }),
  });
  for (const { line, problem } of plan.problems) complain(`${file}:${line}: ${problem}`);
  if (plan.problems.length > 0) {
    complain(`${plan.problems.length} ${plan.problems.length === 1 ? 'problem' : 'problems'}; nothing was changed`);
    return 1;
  }
  const applied = registry.apply(plan.changes);
  const refusal = await sendChanges(parts, newsIn(plan.changes, applied));
  if (refusal) {
    complain(`${refusal}\nnothing was changed`);
    return 1;
  }
  print(`${summary(applied)}\n${withoutSecret(applied)}`);
  return 0;
}

/** What is already so is not sent. */
function newsIn(changes: RegistryChange[], { added, changed, removed }: Applied): RegistryChange[] {
  const news = new Set([...added, ...changed, ...removed]);
  return changes.filter((change) =>
    news.has(keyOf(change.entity, change.type === 'put' ? change.value.id : change.id)),
  );
}

function summary({ added, changed, removed }: Applied): string {
  const lines = sectionNames.flatMap((section) => {
    const counts = [
      `${count(added, section)} added`,
      `${count(changed, section)} changed`,
      `${count(removed, section)} removed`,
    ];
    const some = counts.filter((text) => !text.startsWith('0 '));
    return some.length === 0 ? [] : `${section}: ${some.join(', ')}`;
  });
  return lines.length === 0 ? 'nothing to change: the registry already says so' : lines.join('\n');
}

function count(keys: string[], section: Section): number {
  const entity: EntityType = sections[section];
  return keys.filter((key) => key.startsWith(`${entity}:`)).length;
}

function withoutSecret({ devicesAdded }: Applied): string {
  const without = devicesAdded.filter(({ credential }) => !credential).length;
  return without === 0
    ? ''
    : `${without} of these devices have no secret yet, and cannot connect until they have one\n`;
}

async function writePrivately(path: string, text: string): Promise<void> {
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
