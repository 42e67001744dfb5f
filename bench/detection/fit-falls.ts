import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { featureNames, type Scorecard } from '../../rules/fall/scorecard.ts';
import { fallExamples } from './falls-examples.ts';
import { baseOf, fittedPoints, foldsOf, heldOut } from './falls-folds.ts';
import { recordingsFolder } from './recordings-folder.ts';

/**
 * Finds the points of `rules/fall/fall-scorecard.ts` from the recordings and writes that file: `node bench/detection/fit-falls.ts
 * --recordings DIR`. The same recordings give the same numbers. What a fit is worth is measured by `npm run -s bench -- falls`, whose fits see
 * none of the subjects that they are measured on.
 */
const folder = recordingsFolder(process.argv.slice(2));
if (folder === undefined) {
  process.stderr.write('not measured: give the folder of the recordings with --recordings DIR\n');
  process.exit(2);
}
const trials = await fallExamples(folder);
const folds = foldsOf(trials);
const base = baseOf(heldOut(trials, folds, () => true));
writeFileSync(
  join(import.meta.dirname, '../../rules/fall/fall-scorecard.ts'),
  fileOf({ base, points: fittedPoints(trials) }),
);

function fileOf({ base, points }: Scorecard): string {
  const bases = Object.entries(base).map(
    ([where, { narrow, wide }]) => `    ${where}: { narrow: ${narrow}, wide: ${wide} },`,
  );
  const rows = featureNames.map((name) => {
    const steps = (points[name] ?? []).map(
      ([below, own]) => `[${below === Number.POSITIVE_INFINITY ? 'Infinity' : below}, ${own}]`,
    );
    return `    // biome-ignore format: a table\n    ${name}: [${wrapped(steps)}],`;
  });
  return `import type { Scorecard } from './scorecard.ts';

/** Written by bench/detection/fit-falls.ts from recordings; what each feature means stands in motion-features.ts. */
export const fallScorecard: Scorecard = {
  base: {
${bases.join('\n')}
  },
  points: {
${rows.join('\n')}
  },
};
`;
}

/** Six steps a line, where there are more. */
function wrapped(steps: readonly string[]): string {
  if (steps.length <= 6) return steps.join(', ');
  const lines: string[] = [];
  for (let from = 0; from < steps.length; from += 6) lines.push(`      ${steps.slice(from, from + 6).join(', ')},`);
  return `\n${lines.join('\n')}\n    `;
}
