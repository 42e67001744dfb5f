import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Medium, ProviderEntry, Window } from '../../records/providers.ts';
import { aliyunSmsSettings } from '../../responders/channels/aliyun-sms.ts';
import { aliyunVoiceSettings } from '../../responders/channels/aliyun-voice.ts';
import { emailSettings, emailWindows } from '../../responders/channels/email.ts';
import { modemWindows } from '../../responders/channels/modem/modem.ts';
import { modemSettings } from '../../responders/channels/modem/modem-line.ts';
import { modemRingSettings, modemRingWindows } from '../../responders/channels/modem/modem-ring.ts';
import { smppSettings, smppWindows } from '../../responders/channels/smpp/smpp.ts';
import { tencentSmsSettings } from '../../responders/channels/tencent-sms.ts';
import { templateNames } from '../../responders/texts/templates.ts';

const dayMs = 24 * 3_600_000;

/** What there is: what each carries, the settings that it takes, and the limits of its maker. Source: docs/channels.md. */
export const providerTypes = {
  modem: { medium: 'sms', settings: modemSettings, windows: modemWindows },
  'modem-ring': { medium: 'voice', settings: modemRingSettings, windows: modemRingWindows },
  'aliyun-sms': {
    ...{ medium: 'sms', settings: aliyunSmsSettings },
    windows: [{ per: 'target-and-template', count: 50, perMs: dayMs }],
  },
  'aliyun-voice': {
    ...{ medium: 'voice', settings: aliyunVoiceSettings },
    windows: [
      { per: 'target', count: 1, perMs: 60_000 },
      { per: 'target', count: 5, perMs: 3_600_000 },
      { per: 'target', count: 20, perMs: dayMs },
    ],
  },
  smpp: { medium: 'sms', settings: smppSettings, windows: smppWindows },
  'tencent-sms': { medium: 'sms', settings: tencentSmsSettings, windows: [] },
  smtp: { medium: 'email', settings: emailSettings, windows: emailWindows },
} as const satisfies Record<string, { medium: Medium; settings: z.ZodType; windows: readonly Window[] }>;
export type ProviderType = keyof typeof providerTypes;

/** A provider as the file says, its secrets read. */
export type Provider = {
  [T in ProviderType]: {
    type: T;
    id: string;
    windows: Window[];
    settings: z.infer<(typeof providerTypes)[T]['settings']>;
  };
}[ProviderType];

export const entryOf = ({ id, type, windows }: Provider): ProviderEntry => ({
  ...{ id, type, medium: providerTypes[type].medium, windows },
});

/**
 * The providers of messages in the order of preference, from a YAML file: a list of `id`, `type`, the type's own settings and, where a
 * contract says otherwise than its maker, `windows`. Any setting that is text may stand in a file: `passwordFile: /path` in the place of
 * `password`. Every problem of the file is added to `problems`, with where it is.
 * Source: docs/channels.md
 */
export function readProviders(file: string, problems: string[]): Provider[] {
  const problem = (text: string) => problems.push(`STEPPEWATCH_PROVIDERS: ${file}: ${text}`);
  const listed = z.array(z.looseObject({})).max(mostProviders).safeParse(parsed(file, problem));
  if (!listed.success) {
    problem(`holds a list of at most ${mostProviders} providers, each with an id and a type`);
    return [];
  }
  const providers = listed.data.flatMap((entry, at) => providerOf(entry, `provider ${at + 1}`, problem));
  const ids = providers.map(({ id }) => id);
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) < at))) problem(`two providers are called ${id}`);
  for (const { type, settings, id } of providers) {
    if (type === 'modem-ring' && !providers.some((one) => one.type === 'modem' && one.id === settings.modem))
      problem(`provider ${id}: there is no modem "${settings.modem}"`);
    if ('templates' in settings) {
      const missing = templateNames.filter((name) => !Object.hasOwn(settings.templates, name));
      if (missing.length > 0) problem(`provider ${id}: templates lacks ${missing.join(', ')}`);
    }
  }
  return providers;
}

const head = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,29}$/, 'is 1-30 small letters, digits and "-"'),
  type: z.enum(Object.keys(providerTypes) as [ProviderType, ...ProviderType[]]),
  windows: z
    .array(
      z.strictObject({
        per: z.enum(['provider', 'target', 'target-and-template']),
        count: z.int().min(1).max(100_000),
        perMs: z.int().min(1_000).max(dayMs),
      }),
    )
    .max(8)
    .optional(),
});

function providerOf(entry: Record<string, unknown>, where: string, problem: (text: string) => void): Provider[] {
  const named = head.safeParse(entry);
  if (!named.success) {
    for (const { path, message } of named.error.issues) problem(`${where}: ${path.join('.')}: ${message}`);
    return [];
  }
  const { id, type, windows = [...providerTypes[type].windows] } = named.data;
  const { id: _, type: __, windows: ___, ...rest } = entry;
  const settings = providerTypes[type].settings.safeParse(
    withFiles(rest, (text) => problem(`provider ${id}: ${text}`)),
  );
  if (settings.success) return [{ id, type, windows, settings: settings.data } as Provider];
  for (const { path, message } of settings.error.issues)
    problem(`provider ${id}: ${path.join('.') || type}: ${message}`);
  return [];
}

/** `passwordFile: /path` as `password`, also inside a group of settings. */
function withFiles(settings: Record<string, unknown>, problem: (text: string) => void): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return [name, withFiles(value as Record<string, unknown>, problem)];
      if (!name.endsWith('File') || typeof value !== 'string') return [name, value];
      try {
        return [name.slice(0, -'File'.length), readFileSync(value, 'utf8').trim()];
      } catch (error) {
        problem(`${name}: cannot read ${value} (${(error as NodeJS.ErrnoException).code})`);
        return [name.slice(0, -'File'.length), undefined];
      }
    }),
  );
}

function parsed(file: string, problem: (text: string) => void): unknown {
  try {
    return parse(readFileSync(file, 'utf8')) ?? [];
  } catch (error) {
    problem(`cannot be read: ${(error as Error).message}`);
    return [];
  }
}

/** A contact is tried by each of them. */
const mostProviders = 12;
