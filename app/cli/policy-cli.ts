import { parseArgs } from 'node:util';
import { localTimeIn } from '../../platform/local-time.ts';
import type { Condition } from '../../records/alert.ts';
import { calledConditions } from '../../records/escalation.ts';
import type { LadderPlan, PlannedContact, PlannedStep, PlanRequest } from '../alarm/ladder-plan.ts';
import { readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { exitWith } from '../exit.ts';

/** What the command needs of the world. */
export type PolicyCliParts = {
  argv: string[];
  timeZone: string;
  now(): number;
  /** Of the running system. Errors: ALARM_AWAY. */
  planFor(request: PlanRequest): Promise<{ plan?: LadderPlan | undefined }>;
  print(text: string): void;
  complain(text: string): void;
};

/** 0: it can be climbed. 1: a provider's limit is in its way, or nobody who could go is told in time. 64: wrong usage. 66: no such household. */
export type PolicyExitCode = 0 | 1 | 64 | 66;

const usage = `usage: npm run policy -- explain --household ID [--at TIME] [--condition smoke]
  who would be told, when, and how, for two hours in which nobody answers; nobody is told by it
  TIME: like 2026-11-23T22:30, by the county's clock, or with a zone (…Z, …+08:00); else now
  conditions: ${calledConditions.join(', ')}`;

/**
 * `npm run policy`: the ladder of a home as it would climb, from the running system: contacts by their ids, nobody's name or number.
 * Source: docs/escalation.md
 */
export async function runPolicyCli(parts: PolicyCliParts): Promise<PolicyExitCode> {
  const request = requestOf(parts);
  if (!request) {
    parts.complain(usage);
    return 64;
  }
  const { plan } = await parts.planFor(request);
  if (!plan) {
    parts.complain(`there is no household ${request.householdId}`);
    return 66;
  }
  parts.print(sayPlan(plan, request, parts.timeZone));
  return plan.problems.some(({ type }) => type === 'limit' || type === 'nobody') ? 1 : 0;
}

function requestOf({ argv, timeZone, now }: PolicyCliParts): PlanRequest | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { household: { type: 'string' }, at: { type: 'string' }, condition: { type: 'string' } },
    });
    const { household, at: time, condition = 'smoke' } = values;
    const at = time === undefined ? now() : instantOf(time, timeZone);
    const isKnown = (calledConditions as readonly string[]).includes(condition);
    if (positionals.join() !== 'explain' || household === undefined || at === undefined || !isKnown) return undefined;
    return { householdId: household, at, condition: condition as Condition };
  } catch {
    // An unknown option: the usage says which there are.
    return undefined;
  }
}

/** Epoch ms. Without a zone it is the county's clock that shows it. */
function instantOf(text: string, timeZone: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?$/.test(text)) return undefined;
  const isZoned = /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = Date.parse(isZoned ? text : `${text}Z`);
  if (Number.isNaN(at)) return undefined;
  if (isZoned) return at;
  const { day, minuteOfDay } = localTimeIn(timeZone)(at);
  return at - (day * minutesOfDay + minuteOfDay - Math.floor(at / 60_000)) * 60_000;
}
const minutesOfDay = 24 * 60;

function sayPlan(plan: LadderPlan, { householdId, at, condition }: PlanRequest, timeZone: string): string {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const made = plan.policyId === undefined ? 'the default ladder' : `policy ${plan.policyId}`;
  const first = plan.profileId === undefined ? '' : `, desk first by profile ${plan.profileId}`;
  const lines = [
    `household ${householdId}, ${condition} (${plan.severity}) at ${clock.format(at)} ${timeZone}: ${made}${first}`,
    'who would be told if nobody answered:',
    ...plan.steps.map(sayStep),
    '',
    ...(plan.problems.length === 0 ? ['nothing is in its way'] : ['what is wrong:']),
    ...plan.problems.map(({ type, text }) => `  ${type}: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

function sayStep({ seconds, rung, desk, tell, inform, empty }: PlannedStep): string {
  const people = [
    ...(desk ? ['the desk sounds'] : []),
    ...tell.map((contact) => `asks ${sayContact(contact)}`),
    ...inform.map((contact) => `informs ${sayContact(contact)}`),
    ...(empty ? ['nobody: the next rung at once'] : []),
  ];
  return `  +${String(seconds).padStart(4)} s  rung ${rung}: ${people.join('; ')}`;
}

function sayContact({ contactId, role, way, full, isProved, isOffDuty }: PlannedContact): string {
  const by = way === undefined ? 'by no way' : `by ${way}`;
  const said = [
    ...full.map((name) => `${name} full`),
    ...(isProved ? [] : ['unproved']),
    ...(isOffDuty ? ['off duty'] : []),
  ];
  return `${contactId} (${role}) ${by}${said.length > 0 ? ` [${said.join(', ')}]` : ''}`;
}

if (import.meta.main) {
  try {
    const { dataFolder, timeZone } = readConfiguration(process.env);
    const control = connectControl(dataFolder);
    process.exitCode = await runPolicyCli({
      argv: process.argv.slice(2),
      timeZone,
      now: Date.now,
      planFor: (request) => control.ask('ladder-plan', request),
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    control.close();
  } catch (error) {
    exitWith(error);
  }
}
