import { correlationOf } from '../../incidents/correlation.ts';
import { expectedCrew, nightCallsIn } from '../../incidents/crew.ts';
import { type Ladders, ladderOf, peopleOn, type Scene, waitAfter } from '../../incidents/ladder.ts';
import { type Condition, lifeSafetyConditions } from '../../records/alert.ts';
import { waysOf } from '../../records/channel-names.ts';
import { couldGo, proofLastsMs, proofShelf, provedNeeded } from '../../records/contact-proofs.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Incident } from '../../records/incident.ts';
import { adoptProviders, providersOf } from '../../records/providers.ts';
import type { Contact, RegistryView } from '../../records/registry.ts';
import { Budgets } from '../../responders/budgets.ts';
import type { LocalTime } from '../../rules/local-time.ts';

/** `at`: epoch ms. */
export type PlanRequest = { householdId: string; at: number; condition: Condition };

/**
 * Who would be told of something that happens in a home, when and how, for two hours in which nobody answers and every message arrives at
 * the first try: the ladder as it climbs, the limits of providers as they count. Nothing is sent, and nothing is kept.
 */
export type LadderPlan = {
  /** What of the registry made the ladder; absent: it is a default. */
  policyId?: string;
  profileId?: string;
  severity: Incident['severity'];
  steps: PlannedStep[];
  problems: PlanProblem[];
};
export type PlannedStep = {
  seconds: number;
  rung: number;
  desk: boolean;
  tell: PlannedContact[];
  inform: PlannedContact[];
  /** It is meant for somebody, and there is nobody: the next one is told at once. */
  empty?: true;
};
/** `way`: the channel by which it goes first; absent: there is none. `full`: ways before it, whose limit is reached. */
export type PlannedContact = {
  contactId: string;
  role: Contact['role'];
  way?: string;
  full: string[];
  isProved: boolean;
  isOffDuty: boolean;
};
export type PlanProblem = { type: 'limit' | 'nobody' | 'empty' | 'unproved' | 'off-duty' | 'no-way'; text: string };

export function ladderPlan(parts: PlanParts, request: PlanRequest): LadderPlan | undefined {
  const { registry, state, localTime } = parts;
  const where = registry.whereaboutsOf({ type: 'household', id: request.householdId });
  if (!registry.household(request.householdId)) return undefined;
  const incident = incidentOf(where, request, localTime);
  const crew = { ...expectedCrew(registry, localTime), nightCalls: nightCallsIn(state) };
  const ladder = ladderOf(incident, registry, crew, request.at);
  const planner = createPlanner(parts, request.at);
  const steps: PlannedStep[] = [];
  const scene = { incident, registry, crew, beganAt: request.at };
  for (const { ms, rung } of climbed(ladder, scene)) {
    const at = request.at + ms;
    const people = peopleOn(rung, ladder, { ...scene, at });
    const tell = people.tell.map((contact) => planner.planned(contact, { ...scene, at }, people.channels));
    const inform = people.inform.map((contact) => planner.planned(contact, { ...scene, at }, people.channels));
    const isEmpty = people.asks && tell.length === 0;
    steps.push({ seconds: ms / 1000, rung, desk: people.desk, tell, inform, ...(isEmpty && { empty: true as const }) });
  }
  const { policyId, profileId } = ladder;
  return {
    ...(policyId !== undefined && { policyId }),
    ...(profileId !== undefined && { profileId }),
    severity: incident.severity,
    steps,
    problems: [
      ...planner.limits(),
      ...problemsOf(steps, incident, registry.contactsFor(where), planner.isProved),
      ...emptySeats(ladder, scene),
    ],
  };
}

export type PlanParts = { state: FoldState; registry: RegistryView; localTime: (at: number) => LocalTime };

const planMs = 2 * 3_600_000;

/** Each rung that would be told, and when: one with nobody on it is skipped at once in the first pass, and without a trace later. */
function* climbed(ladder: Ladders, scene: Omit<Scene, 'at'>): Iterable<{ ms: number; rung: number }> {
  const { length } = ladder.rungs;
  let ms = 0;
  let skipped = 0;
  for (let rung = 1; ms <= planMs && skipped <= length; rung++) {
    const { tell, asks } = peopleOn(rung, ladder, { ...scene, at: scene.beganAt + ms });
    const isSkipped = asks && tell.length === 0;
    if (!isSkipped || rung <= length || skipped === length) yield { ms, rung };
    skipped = isSkipped ? skipped + 1 : 0;
    if (isSkipped && rung < length) continue;
    if (isSkipped && rung > length && skipped < length) continue;
    const waitMs = waitAfter(rung, ladder);
    if (waitMs === undefined) return;
    ms += waitMs;
  }
}

/** Seats of the first pass for which there is nobody, beside others on their rung. */
function emptySeats(ladder: Ladders, scene: Omit<Scene, 'at'>): PlanProblem[] {
  let at = scene.beganAt;
  return ladder.rungs.flatMap((rung, index) => {
    at += rung.afterMs;
    return rung.tell.flatMap((seat): PlanProblem[] => {
      const alone = { ...ladder, rungs: [{ afterMs: 0, tell: [seat] }] };
      if (peopleOn(1, alone, { ...scene, at }).tell.length > 0) return [];
      return [{ type: 'empty', text: `rung ${index + 1} has nobody for ${Object.values(seat).join(' ')}` }];
    });
  });
}

/** Counts what providers would count. */
function createPlanner({ state, registry }: PlanParts, beganAt: number) {
  const shelf = proofShelf(state);
  const providers = providersOf(state);
  const counted = new FoldState();
  adoptProviders(counted, providers);
  const budgets = new Budgets({ state: counted });
  const limits = new Map<string, PlanProblem>();
  const isProved = (contact: Contact): boolean => (shelf.provedAt(contact) ?? -Infinity) > beganAt - proofLastsMs;
  let attempts = 0;

  function takeWay(contact: Contact, at: number, first: readonly string[]): { way?: string; full: string[] } {
    const full: string[] = [];
    for (const { name, carrier } of inOrder(contact, first)) {
      attempts += 1;
      const attempt = {
        noticeId: `plan-${attempts}`,
        channel: name,
        attempt: 1,
        target: contact.id,
        template: 'alarm',
      };
      const refused = budgets.take(attempt, { at, isLifeSafety: true });
      if (!refused) {
        budgets.attempting({ kind: 'attempting', ...attempt }, at);
        return { way: name, full };
      }
      full.push(name);
      const text = `${contact.id} by ${carrier}: its limit is reached after ${duration(at - beganAt)}`;
      if (!limits.has(`${contact.id} ${carrier}`)) limits.set(`${contact.id} ${carrier}`, { type: 'limit', text });
    }
    return { full };
  }

  /** Ways that nobody carries are none. */
  function inOrder({ channels }: Contact, first: readonly string[]) {
    const ways = waysOf(channels, providers).filter(({ carrier }) => carrier.includes(':') || !isCarried.has(carrier));
    const kindOf = (carrier: string) => carrier.split(':', 1)[0] ?? '';
    const rank = (carrier: string) => (first.includes(kindOf(carrier)) ? first.indexOf(kindOf(carrier)) : first.length);
    return ways.sort((a, b) => rank(a.carrier) - rank(b.carrier));
  }

  return {
    isProved,
    planned(contact: Contact, { crew, at }: Scene, first: readonly string[] = []): PlannedContact {
      const rosters = registry.referring('roster', 'contact', contact.id);
      const isOffDuty = rosters.length > 0 && rosters.every(({ id }) => !crew.onDuty(id, at).includes(contact.id));
      const { id: contactId, role } = contact;
      return { contactId, role, ...takeWay(contact, at, first), isProved: isProved(contact), isOffDuty };
    },
    limits: () => [...limits.values()],
  };
}

/** Of what a contact names these go by a provider alone. */
const isCarried: ReadonlySet<string> = new Set(['sms', 'voice', 'email']);

function problemsOf(
  steps: readonly PlannedStep[],
  { severity, category }: Incident,
  contacts: readonly Contact[],
  isProved: (contact: Contact) => boolean,
): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const say = (type: PlanProblem['type'], text: string) => {
    if (!problems.some((one) => one.text === text)) problems.push({ type, text });
  };
  const inTime = steps.filter(({ seconds, tell }) => seconds <= 60 && tell.some(({ way }) => way !== undefined));
  if (severity === 'critical' && inTime.length === 0) say('nobody', 'nobody who could go is told within 60 seconds');
  for (const { rung, empty, tell } of steps) {
    if (empty) say('empty', `rung ${rung} is empty: there is nobody for it`);
    for (const { contactId, way, full, isOffDuty } of tell) {
      if (way === undefined && full.length === 0) say('no-way', `${contactId} has no way that anybody carries`);
      if (isOffDuty) say('off-duty', `${contactId} is told, and is off duty then`);
    }
  }
  const goers = contacts.filter(couldGo);
  const unproved = goers.filter((contact) => !isProved(contact)).map(({ id }) => id);
  if (unproved.length > 0) say('unproved', `not known to answer for 90 days: ${unproved.join(', ')}`);
  if (goers.length - unproved.length < provedNeeded && category !== 'system')
    say('unproved', `${goers.length - unproved.length} of those who could go are proved, ${provedNeeded} are needed`);
  return problems;
}

/** Life safety of which the desk is told first. */
const urgentAtFirst: ReadonlySet<Condition> = new Set(['inactivity', 'wandering', 'position-unknown']);

const duration = (ms: number): string => `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;

function incidentOf(
  where: Incident['where'],
  { at, condition }: PlanRequest,
  localTime: (at: number) => LocalTime,
): Incident {
  const severity = lifeSafetyConditions.has(condition) && !urgentAtFirst.has(condition) ? 'critical' : 'urgent';
  const subject = { type: 'place', id: where.placeId ?? '' } as const;
  const times = { at, occurredAt: at, clock: 'trusted' } as const;
  const alert = { alertId: 'plan', rule: 'plan', condition, severity, ...times, subject, where, reason: {} } as const;
  const { category, subject: about } = correlationOf(alert, localTime);
  return {
    ...{ incidentId: 'plan', version: 1, code: '', category, severity, subject: about, where },
    ...{ openedAt: at, lastAlertAt: at, alerts: [alert], state: { phase: 'open', since: at }, told: [] },
    ladder: { phase: 'running', rung: 0, startedAt: at, cause: 1 },
  };
}
