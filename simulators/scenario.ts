import type { Command } from '../records/command.ts';
import type { Incident } from '../records/incident.ts';
import { allRules } from '../rules/all-rules.ts';
import type { AnyRule } from '../rules/rule.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { type Scenario, type Step, sinceText } from './scenario-file.ts';
import { type County, openCounty } from './virtual-county.ts';

/**
 * Plays a scenario and says what came of it. The county is left as it is then, for those who want to look closer.
 * Errors: a step that cannot be done, like a deed that the device does not know.
 */
export async function runScenario(scenario: Scenario, { registryText, rules = allRules }: Stage): Promise<Played> {
  const startAt = Date.parse(scenario.begins);
  const county = await openCounty({
    startAt,
    seed: scenario.seed,
    registryText,
    rules: plant(rules, scenario.planted),
    providers: scenario.providers,
  });
  for (const [contactId, { phone, by }] of Object.entries(scenario.reached)) await county.reach(contactId, phone, by);
  const answers: string[] = [];
  for (const [atMs, steps] of inOrder(scenario.timeline)) {
    await county.clock.advance(atMs - county.clock.monotonic());
    for (const step of steps) {
      if ('asks' in step) ask(county, step, answers);
      else await take(county, step);
    }
    await county.clock.settled();
  }
  await county.clock.advance(scenario.until - county.clock.monotonic());
  const { delivered, commanded, complaints } = county;
  const outcome = outcomeOf({ startAt, journal: await county.journal(), delivered, commanded, answers, complaints });
  return { outcome, county };
}

export type Stage = { registryText: string; rules?: readonly AnyRule[] };
export type Played = { outcome: Outcome; county: County };

function inOrder(timeline: Step[]): [number, Step[]][] {
  return [...Map.groupBy(timeline, ({ at }) => at)].sort(([a], [b]) => a - b);
}

async function take(county: County, step: Exclude<Step, Question>): Promise<void> {
  if ('device' in step) {
    if (step.does === 'repeat') county.redeliver(step.device);
    else county.does(step.device, step.does, { fields: step.with ?? {}, cut: step.cut });
  } else if ('phone' in step) county.phones.set(step.contact, step.phone);
  else if ('provider' in step) county.moods.set(step.provider, step.is);
  else if ('texts' in step) county.text(step);
  else if ('desk' in step) county.desk = step.desk;
  else if ('clock' in step) county.clock.stepWall(step.clock);
  else if (step.system === 'starts') await county.start();
  else if (step.system === 'stops') await county.stop();
  else county.kill();
}

type Question = Extract<Step, { asks: string }>;

/** Asks, and goes on: what is asked at the same moment is under way together. The answer is put into its line when it comes. */
function ask(county: County, step: Question, answers: string[]): void {
  const { asks, account, contact, at } = step;
  const line = answers.length;
  const question = `${sinceText(at)} ${account ?? contact} asks to ${asks}`;
  answers[line] = `${question}: no answer`;
  county.send(commandOf(county, step, line)).then((result) => {
    answers[line] = `${question}: ${result.ok ? 'done' : `${result.problem}, ${result.message}`}`;
  });
}

/**
 * A command by somebody who sees the incident as it is at this moment. `forMinutes` becomes an `until`. What is asked of a device
 * (`with: { deviceId, ask, reason }`) names the incident inside `ask`.
 */
function commandOf(
  county: County,
  { asks, account, contact, about, with: words = {} }: Question,
  line: number,
): Command {
  const by = account === undefined ? { type: 'contact', id: contact } : { type: 'account', id: account };
  const { forMinutes, ...fields } = words;
  if (asks === 'device-command' && about !== undefined) {
    const { incidentId } = seenBy(county, about);
    Object.assign(fields, { ask: { ...Object(fields.ask), incidentId } });
    return { type: asks, commandId: `question-${line}`, by, ...fields } as Command;
  }
  const until = typeof forMinutes === 'number' ? { until: county.alarm.journal.now() + forMinutes * 60_000 } : {};
  const seen = about === undefined ? {} : seenBy(county, about);
  if (asks === 'merge') fields.into = seenBy(county, String(fields.into)).incidentId;
  return { type: asks, commandId: `question-${line}`, by, ...seen, ...until, ...fields } as Command;
}

/** `named`: a device, or a call by telephone by its `callId`. */
function seenBy(county: County, named: string): { incidentId: string; expectedVersion: number } {
  const isMeant = ({ alerts }: Incident) =>
    alerts.some(({ where, alertId }) => where.deviceId === named || alertId === `telephone:${named}`);
  const incident = [...county.alarm.incidents.openIncidents()].find(isMeant);
  if (!incident) throw new Error(`${named} has no open incident at that time`);
  return { incidentId: incident.incidentId, expectedVersion: incident.version };
}

/** The rules, with one of them broken. Errors: no rule of that name. */
function plant(rules: readonly AnyRule[], planted: Scenario['planted']): readonly AnyRule[] {
  if (!planted) return rules;
  const { rule: name, throwsFor } = planted;
  if (!rules.some((rule) => rule.name === name)) throw new Error(`there is no rule ${name}`);
  return rules.map((rule) => (rule.name === name ? broken(rule, throwsFor) : rule));
}

function broken(rule: AnyRule, deviceId: string): AnyRule {
  return {
    ...rule,
    step(state, event, settings, home) {
      if (event.type === 'report' && event.where.deviceId === deviceId) throw new Error(`planted in ${rule.name}`);
      return rule.step(state, event, settings, home);
    },
  };
}
