import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chance } from '../platform/random.ts';
import type { Language } from '../records/texts/texts.ts';

/** What a demonstration remembers from one start to the next, beside the system's own data. */
export type DemonstrationFile = {
  seed: number;
  homes: number;
  language: Language;
  receiverPort: number;
  webhookSecret: string;
  /** Of the account `duty`: it guards nothing but simulated homes. */
  password?: string;
};

/** Begins a demonstration in an empty folder, or goes on with it. A folder with anything else in it is not touched. */
export function openDemonstration(folder: string, chance: Chance): DemonstrationFile | { problem: string } {
  const path = join(folder, fileName);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as DemonstrationFile;
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    return {
      problem: `${folder} holds data that is not of a demonstration: it is left alone. Take another folder with --data.`,
    };
  }
  const language = /^zh/.test(process.env.LC_ALL ?? process.env.LANG ?? '') ? 'zh-CN' : 'en';
  const webhookSecret = `whsec_${Buffer.from(chance.bytes(32)).toString('base64')}`;
  const file: DemonstrationFile = { seed: 7, homes: 36, language, receiverPort: 8090, webhookSecret };
  saveDemonstration(folder, file);
  return file;
}

export function saveDemonstration(folder: string, file: DemonstrationFile): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, fileName), `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
}

const fileName = 'demonstration.json';
