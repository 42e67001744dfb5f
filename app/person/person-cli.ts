import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sendChanges } from '../../api/registry/registry-send.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Disk, openDisk } from '../../platform/disk.ts';
import { databaseAway, OperationalError } from '../../platform/errors.ts';
import { type Chance, systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { erasureOf } from '../../records/person-erasure.ts';
import type { Entity, EntityType, RegistryChange } from '../../records/registry.ts';
import { createRegistry, type Registry } from '../../records/registry-fold.ts';
import type { Sealer } from '../../records/sealing.ts';
import { embeddedPostgresUrl } from '../../storage/embedded-postgres.ts';
import { createPersonHistory, type PersonHistoryReader } from '../../storage/sql-person.ts';
import { readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { deviceKeys } from '../device-keys.ts';
import { exitWith } from '../exit.ts';
import type { PageRequest, RegistryPage } from '../registry/registry-pages.ts';
import { everythingOf, type PersonSources, reportsOf } from './person-export.ts';
import { personFiles } from './person-files.ts';
import { personSummary } from './person-summary.ts';

/** What the command needs of the running system and of the world. */
export type PersonCliParts = {
  argv: string[];
  system: {
    command(command: Command): Promise<CommandResult>;
    page(request: PageRequest): Promise<RegistryPage>;
    headSequence(): Promise<number>;
    /** Why somebody is not to be erased now. */
    whyNotErased(personId: string): Promise<string | undefined>;
  };
  openKeys(): Promise<Pick<Sealer, 'unseal'> & { pepper(): Uint8Array }>;
  /** Errors: DATABASE_AWAY. */
  openHistory(): Promise<Pick<PersonHistoryReader, 'of' | 'reports' | 'position' | 'close'>>;
  disk: Pick<Disk, 'list' | 'read'>;
  files: typeof personFiles;
  pause: (ms: number) => Promise<void>;
  now: () => number;
  timeZone: string;
  chance: Chance;
  print(text: string): void;
  complain(text: string): void;
};

/** 0: done. 1: there is nobody of that id, or it was refused. 64: wrong usage. 69: the system or its database is away. 73: no file can be made. */
export type PersonExitCode = 0 | 1 | 64 | 69 | 73;

const usage = `usage: npm run person -- export ID --out FOLDER            everything that is kept of one person, into a new folder
       npm run person -- erase ID --reason TEXT [--yes]    forgets a person; without --yes it says what would go`;

/** `npm run person`: what a person has a right to. Source: docs/privacy.md */
export async function runPersonCli(parts: PersonCliParts): Promise<PersonExitCode> {
  const asked = readArguments(parts.argv);
  if (!asked) {
    parts.complain(usage);
    return 64;
  }
  try {
    const registry = await copyOfRegistry(parts.system.page);
    if (!registry.person(asked.id)) {
      parts.complain(`there is no person "${asked.id}" in the registry`);
      return 1;
    }
    return await (asked.verb === 'export' ? exportPerson(parts, registry, asked) : erasePerson(parts, registry, asked));
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    parts.complain(`${error.message}\nrun the command again when it does`);
    return 69;
  }
}

async function exportPerson(
  parts: PersonCliParts,
  registry: Registry,
  { id, out }: ExportAsked,
): Promise<PersonExitCode> {
  const { system, print, complain, timeZone } = parts;
  const { unseal } = await parts.openKeys();
  const head = await system.headSequence();
  const history = await parts.openHistory();
  try {
    const sources: PersonSources = { ...parts, registry, unseal, history, headSequence: () => head };
    const kept = await everythingOf(sources, id);
    if (!kept) return 1;
    const files = await parts.files(out);
    if (!files) {
      complain(`${out} is there already, or cannot be made: name a folder that is new`);
      return 73;
    }
    // On record before anything of it lies in a file.
    const looked = await system.command({
      ...{ type: 'look', commandId: commandId(parts.chance), by, how: 'exported' },
      of: { type: 'person', id },
    });
    if (!looked.ok) throw new Error(`the export could not be put on record: ${looked.message}`);
    await files.write('person.json', `${JSON.stringify({ ...kept, at: parts.now() }, null, 2)}\n`);
    let reports = 0;
    for await (const stretch of reportsOf(sources, id)) {
      const lines = stretch.reports.map((report) => `${JSON.stringify({ deviceId: stretch.deviceId, ...report })}\n`);
      await files.append('reports.jsonl', lines.join(''));
      reports += lines.length;
    }
    await files.write('概要.txt', personSummary(kept, { reports, at: parts.now(), timeZone }));
    print(`${out}: person.json, ${reports > 0 ? 'reports.jsonl, ' : ''}概要.txt; ${reports} reports\n`);
    if (!kept.isComplete) complain('the database is behind the journal: run it again later for the newest');
    return 0;
  } finally {
    await history.close();
  }
}

async function erasePerson(parts: PersonCliParts, registry: Registry, asked: EraseAsked): Promise<PersonExitCode> {
  const { chance, print, complain } = parts;
  const whyNot = await parts.system.whyNotErased(asked.id);
  if (whyNot !== undefined) {
    complain(`${whyNot}\nnothing was changed`);
    return 1;
  }
  const keys = deviceKeys({ pepper: (await parts.openKeys()).pepper(), chance });
  const codes = new Map<string, string>();
  const changes = erasureOf(registry, asked.id, (deviceId) => {
    const { code, claim } = keys.newCode(deviceId);
    codes.set(deviceId, code);
    return claim;
  });
  print(`${changes.map(inWords).join('\n')}\n`);
  if (!asked.isSure) {
    print('nothing was changed: say --yes\n');
    return 0;
  }
  const importId = commandId(chance);
  const result = await sendChanges(parts.system.command, { changes, importId, by, reason: asked.reason });
  if (!result.ok) {
    complain(`${result.message}\nnothing was changed`);
    return 1;
  }
  for (const [deviceId, code] of codes) print(`new label of ${deviceId}: ${code}   (shown once)\n`);
  print(
    `${asked.id} is erased. What their devices sent stays in the journal as bytes until it ends there: docs/privacy.md\n`,
  );
  return 0;
}

function inWords(change: RegistryChange): string {
  if (change.type === 'remove') return `- ${change.entity} ${change.id}`;
  return change.entity === 'device'
    ? `~ device ${change.value.id} becomes stock`
    : `~ ${change.entity} ${change.value.id} keeps no address`;
}

type ExportAsked = { verb: 'export'; id: string; out: string };
type EraseAsked = { verb: 'erase'; id: string; reason: string; isSure: boolean };

function readArguments(args: string[]): ExportAsked | EraseAsked | undefined {
  try {
    const options = {
      out: { type: 'string' },
      reason: { type: 'string' },
      yes: { type: 'boolean', default: false },
    } as const;
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
    const [verb, id, ...more] = positionals;
    const { out, reason, yes } = values;
    if (id === undefined || more.length > 0) return undefined;
    if (verb === 'export' && out !== undefined && reason === undefined && !yes) return { verb, id, out };
    const isReason = reason !== undefined && reason.length > 0 && reason.length <= 200;
    return verb === 'erase' && isReason && out === undefined ? { verb, id, reason, isSure: yes } : undefined;
  } catch {
    // An unknown option: the usage says which there are.
    return undefined;
  }
}

const by = { type: 'system', id: 'command-line' } as const;
const commandId = (chance: Chance): string => `person-${Buffer.from(chance.bytes(12)).toString('base64url')}`;

/** What may speak of a person, in a fold of our own. */
async function copyOfRegistry(page: PersonCliParts['system']['page']): Promise<Registry> {
  const registry = createRegistry({ state: new FoldState() });
  const speakOf = [
    ...(['household', 'place', 'person', 'contact', 'zone', 'device', 'ruleSetting', 'threshold'] as const),
    ...(['roster', 'policy', 'profile'] as const),
  ];
  for (const entity of speakOf) {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const { values, next }: RegistryPage = await page({ entity, from });
      registry.apply(values.map((value: Entity<EntityType>) => ({ type: 'put', entity, value }) as RegistryChange));
      from = next;
    }
  }
  return registry;
}

if (import.meta.main) {
  try {
    const configuration = readConfiguration(process.env);
    const { dataFolder, keysFolder, masterKey, databaseUrl, timeZone } = configuration;
    const control = connectControl(dataFolder);
    const disk = openDisk(dataFolder);
    process.exitCode = await runPersonCli({
      argv: process.argv.slice(2),
      system: {
        command: (command) => control.ask('command', command),
        page: (request) => control.ask('registry-page', request),
        headSequence: async () => (await control.ask<{ headSequence: number }>('health', {})).headSequence,
        whyNotErased: async (personId) => (await control.ask<{ why?: string }>('why-not-erased', { personId })).why,
      },
      openKeys: () => openVault({ folder: keysFolder, chance: systemChance, masterKey, readOnly: true }),
      async openHistory() {
        const url = databaseUrl ?? (await embeddedPostgresUrl({ dataFolder, keysFolder }));
        if (url === undefined) throw databaseAway({}, 'it was never started');
        return createPersonHistory({ url });
      },
      ...{ disk, files: personFiles, pause, now: systemClock.now, timeZone, chance: systemChance },
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    control.close();
    await disk.close();
  } catch (error) {
    exitWith(error);
  }
}
