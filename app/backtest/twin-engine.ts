import type { AlertChange } from '../../records/alert.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { RuleSetting } from '../../records/registry.ts';
import { createEngine, type Engine, type EngineAnswer, type EngineParts } from '../../rules/engine.ts';

/** What both said at one step; `at` is its journal time, epoch ms. */
export type HeardTwice = { at: number; live: EngineAnswer; tried: EngineAnswer };

/**
 * Two engines in the place of one: both step on the same events about the same homes, the first under the settings in force, the
 * second as if `tried` were in force too. What they say goes to `heard`; the answer holds their questions to people alone, so that answers
 * on record find them, and nothing else comes of it.
 */
export function createTwin({ tried, heard, ...parts }: TwinParts): Engine {
  const registry = { ...parts.registry, shadowSettings: () => noTrials };
  const ruleSettings: typeof registry.ruleSettings = (rule, where) => parts.registry.ruleSettings(rule, where, tried);
  const live = createEngine({ ...parts, registry });
  const trial = createEngine({ ...parts, state: new FoldState(), registry: { ...registry, ruleSettings } });
  const both = [live, trial];

  function answer(at: number, ask: (engine: Engine) => EngineAnswer): EngineAnswer {
    const step = { at, live: ask(live), tried: ask(trial) };
    const changes = [...step.live.changes, ...step.tried.changes];
    if (changes.length + step.live.failures.length + step.tried.failures.length > 0) heard(step);
    return { changes: changes.filter(isQuestion), failures: [] };
  }

  return {
    step: (event) => answer(event.at, (engine) => engine.step(event)),
    fire: (at) => answer(at, (engine) => engine.fire(at)),
    nextDeadline() {
      const due = Math.min(...both.map((engine) => engine.nextDeadline() ?? Number.POSITIVE_INFINITY));
      return Number.isFinite(due) ? due : undefined;
    },
    rebase: (byMs) => both.forEach((engine) => void engine.rebase(byMs)),
    stoodStill: () => both.forEach((engine) => void engine.stoodStill()),
    followShadows: () => {},
    rebuild: () => both.forEach((engine) => void engine.rebuild()),
    deadlineCount: () => live.deadlineCount() + trial.deadlineCount(),
  };
}

type TwinParts = EngineParts & { tried: readonly RuleSetting[]; heard: (step: HeardTwice) => void };

const noTrials: readonly string[] = [];
const isQuestion = ({ type }: AlertChange): boolean => type === 'prompt';
