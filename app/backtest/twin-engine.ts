import type { AlertChange } from '../../records/alert.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { RegistryView, RuleSetting } from '../../records/registry.ts';
import { createEngine, type Engine, type EngineAnswer, type EngineParts } from '../../rules/engine.ts';

/** What both said at one step; `at` is its journal time, epoch ms. */
export type HeardTwice = { at: number; live: EngineAnswer; tried: EngineAnswer };

/**
 * In the place of an engine: every event is judged under the settings in force, and as if `tried` were in force too. What both say goes to
 * `heard`; the answer holds their questions to people alone, so that answers on record find them, and nothing else comes of it.
 * Where no rule about devices is tried, its copies run beside the one engine, at half the cost: then only the visit that is due after an
 * emergency follows from what is in force alone.
 */
export function createTwin({ tried, heard, ...parts }: TwinParts): Engine {
  const triedOf = Map.groupBy(tried, ({ rule }) => rule);
  const reachesOthers = parts.rules.some(({ name, conditions }) => conditions && triedOf.has(name));
  const judges = reachesOthers ? twoEngines(parts, triedOf) : oneEngine(parts, triedOf);
  const { engines } = judges;

  function answer(at: number, { live, tried }: Omit<HeardTwice, 'at'>): EngineAnswer {
    const changes = [...live.changes, ...tried.changes];
    if (changes.length + live.failures.length + tried.failures.length > 0) heard({ at, live, tried });
    return { changes: changes.filter(isQuestion), failures: [] };
  }

  return {
    step: (event) =>
      answer(
        event.at,
        judges.ask((engine) => engine.step(event)),
      ),
    fire: (at) =>
      answer(
        at,
        judges.ask((engine) => engine.fire(at)),
      ),
    nextDeadline(by) {
      const due = Math.min(...engines.map((engine) => engine.nextDeadline(by) ?? Number.POSITIVE_INFINITY));
      return Number.isFinite(due) ? due : undefined;
    },
    rebase: (...stood) => engines.forEach((engine) => void engine.rebase(...stood)),
    stoodStill: () => engines.forEach((engine) => void engine.stoodStill()),
    followShadows: () => {},
    rebuild: () => engines.forEach((engine) => void engine.rebuild()),
    deadlineCount: () => engines.reduce((sum, engine) => sum + engine.deadlineCount(), 0),
  };
}

type TwinParts = EngineParts & { tried: readonly RuleSetting[]; heard: (step: HeardTwice) => void };
type TriedOf = ReadonlyMap<string, readonly RuleSetting[]>;
type Judges = { engines: readonly Engine[]; ask(how: (engine: Engine) => EngineAnswer): Omit<HeardTwice, 'at'> };

const isQuestion = ({ type }: AlertChange): boolean => type === 'prompt';

/** Each with a state of its own: what one rule says of a device the other rules of its side hear. */
function twoEngines(parts: EngineParts, triedOf: TriedOf): Judges {
  const registry = { ...parts.registry, shadowSettings: () => noTrials };
  const ruleSettings: RegistryView['ruleSettings'] = (rule, where) =>
    parts.registry.ruleSettings(rule, where, triedOf.get(rule));
  const live = createEngine({ ...parts, registry });
  const trial = createEngine({ ...parts, state: new FoldState(), registry: { ...registry, ruleSettings } });
  return { engines: [live, trial], ask: (how) => ({ live: how(live), tried: how(trial) }) };
}
const noTrials: readonly string[] = [];

/** What is tried of a rule is one trial beside it, by the name of the rule. */
function oneEngine(parts: EngineParts, triedOf: TriedOf): Judges {
  const names = [...triedOf.keys()];
  const registry: RegistryView = {
    ...parts.registry,
    shadowSettings: () => names,
    ruleSetting: (id) => ({ id, rule: id, scope: { type: 'all' }, settings: {} }),
    isWithin: () => true,
    ruleSettings: (rule, where, trial) => parts.registry.ruleSettings(rule, where, trial && triedOf.get(rule)),
  };
  const engine = createEngine({ ...parts, registry });
  const ofTriedRules = new Set<string>();
  return { engines: [engine], ask: (how) => apart(how(engine), triedOf, ofTriedRules) };
}

/** What is in force said all but the words of trials; under the trial its rules said those instead. */
function apart(
  { changes, failures }: EngineAnswer,
  triedOf: TriedOf,
  ofTriedRules: Set<string>,
): Omit<HeardTwice, 'at'> {
  const [live, tried]: [EngineAnswer, EngineAnswer] = [
    { changes: [], failures },
    { changes: [], failures: failures.filter(({ rule }) => !triedOf.has(rule)) },
  ];
  for (const change of changes) {
    if (change.type !== 'shadow') {
      live.changes.push(change);
      if (!isOfTried(change, triedOf, ofTriedRules)) tried.changes.push(change);
    } else if (change.change.type === 'failed') {
      const { subject, error } = change.change;
      tried.failures.push({ rule: change.rule, subject, lifeSafety: false, error });
    } else tried.changes.push(change.change);
  }
  return { live, tried };
}

/** What is said later of an alert names the alert alone: those of tried rules are remembered in `ofTriedRules`, the newest of them. */
function isOfTried(change: AlertChange, triedOf: TriedOf, ofTriedRules: Set<string>): boolean {
  if (change.type === 'strengthen') return ofTriedRules.has(change.alertId);
  if (change.type === 'clear') return ofTriedRules.delete(change.alertId);
  if (change.type !== 'raise' || !triedOf.has(change.alert.rule)) return false;
  const [oldest] = ofTriedRules;
  if (ofTriedRules.size >= mostRemembered && oldest !== undefined) ofTriedRules.delete(oldest);
  ofTriedRules.add(change.alert.alertId);
  return true;
}
const mostRemembered = 100_000;
