import { allRules } from '../../rules/all-rules.ts';
import type { AnyRule } from '../../rules/rule.ts';

/** A version of the system: what it calls itself, and what it judges by. */
export type Release = { version: string; rules: readonly AnyRule[] };

const otherLimits: { readonly [rule: string]: { readonly [setting: string]: number } } = {
  'battery-low': { lowCellVolts: 2.5 },
  'device-silent': { missedReports: 3 },
  call: { sameCallMs: 45_000 },
  fall: { verdictMs: 50_000 },
};

/** The next release has other limits, so that it would decide otherwise about the same records. */
export const releases: Record<'present' | 'next', Release> = {
  present: { version: 'present', rules: allRules },
  next: { version: 'next', rules: allRules.map(withOtherLimits) },
};

/** Errors: the rule has no such setting any more. */
function withOtherLimits(rule: AnyRule): AnyRule {
  const other = otherLimits[rule.name] ?? {};
  for (const setting of Object.keys(other)) {
    if (!(setting in rule.settings)) throw new Error(`${rule.name} has no setting ${setting}`);
  }
  return { ...rule, settings: { ...rule.settings, ...other } };
}
