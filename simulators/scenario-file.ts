import { parseDocument } from 'yaml';
import { z } from 'zod';
import { providerMoods, scenarioProvider } from './scenario-providers.ts';

/** "90s", "1h 30m", "-1d" in ms. */
const durationText = z
  .string()
  .regex(/^[+-]?\d+(ms|[smhd])( \d+(ms|[smhd]))*$/, 'a time is like 90s, "1h 30m" or 2d')
  .transform(parseDuration);
const at = durationText;
const fields = z.record(z.string(), z.unknown()).optional();

/**
 * One thing that happens, `at` so long after the beginning. What stands at the same time happens at once, in this order.
 * - a device `does` a deed (simulators/deeds.ts), or `repeat`: the network delivers its last report once more. `with` goes over
 *   the report's fields; `cut`: so many of its bytes arrive.
 * - an account or a contact `asks` for a command (records/command.ts), `about` the open incident of that device, or of the call by
 *   telephone of that `callId`. `with` holds the command's other fields; the incident `into` which one is merged is named so, too.
 * - a contact's `phone` answers, fails, refuses or hangs from then on.
 * - a `provider` works, refuses the password or does not answer from then on; somebody `texts` it, `from` the number of a contact or
 *   another one. `id`: the provider's, by which it is known when it comes twice.
 * - the `desk` watches over everything, leaves, or stops: its process says nothing any more.
 * - the `system` stops, is killed, or starts; the wall `clock` is set forward or back.
 */
const step = z.union([
  z.strictObject({ at, device: z.string(), does: z.string(), with: fields, cut: z.int().min(0).optional() }),
  z.strictObject({
    at,
    ...{ account: z.string().optional(), contact: z.string().optional() },
    asks: z.string(),
    about: z.string().optional(),
    with: fields,
  }),
  z.strictObject({ at, contact: z.string(), phone: z.enum(['answers', 'fails', 'refuses', 'hangs']) }),
  z.strictObject({ at, provider: z.string(), is: z.enum(providerMoods) }),
  z.strictObject({ at, from: z.string(), texts: z.string(), to: z.string(), id: z.string().optional() }),
  z.strictObject({ at, desk: z.enum(['watches', 'leaves', 'stops']) }),
  z.strictObject({ at, system: z.enum(['stops', 'is killed', 'starts']) }),
  z.strictObject({ at, clock: durationText }),
]);

/** A story with its outcome; `planted`: a rule that throws whenever this device concerns it. */
const scenario = z.strictObject({
  story: z.string().min(1),
  begins: z.iso.datetime().default('2026-11-03T20:00:00Z'),
  seed: z.int().default(1),
  planted: z.strictObject({ rule: z.string(), throwsFor: z.string() }).optional(),
  /** In the order of preference; and the telephones of contacts, with the ways by which they are told instead of the county's own. */
  providers: z.array(scenarioProvider).default([]),
  reached: z
    .record(z.string(), z.strictObject({ phone: z.string(), by: z.array(z.enum(['sms', 'voice', 'log'])) }))
    .default({}),
  timeline: z.array(step).min(1),
  /** How long after the beginning people look at what came of it. */
  until: durationText,
  expected: z.unknown().optional(),
});
export type Scenario = z.infer<typeof scenario>;
export type Step = z.infer<typeof step>;

/** Errors: what is wrong with the file, in words. */
export function readScenario(text: string): Scenario {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) throw problem;
  const read = scenario.safeParse(document.toJS());
  if (!read.success) throw new Error(z.prettifyError(read.error));
  return read.data;
}

/** The file with another outcome; its story and comments stay as they are. */
export function withExpected(text: string, expected: unknown): string {
  const document = parseDocument(text);
  document.set('expected', document.createNode(expected));
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

/** An instant as people count: "+1m 30s". Less than a second is 0s. */
export function sinceText(ms: number): string {
  const whole = Math.floor(Math.abs(ms) / 1000);
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return `${ms < 0 ? '-' : '+'}${said.length > 0 ? said.join(' ') : '0s'}`;
}

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhd])/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ''] ?? 0), 0);
  return text.startsWith('-') ? -ms : ms;
}
