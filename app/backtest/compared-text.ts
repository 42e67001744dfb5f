import type { Compared, Difference, Tally } from './comparison.ts';
import { homeOf, mostListed } from './comparison.ts';

/** What was compared, as tables for a terminal. `weeks`: how long that was; `list`: how many homes and differences are written out. */
export function comparedText(
  { ofRules, ofHomes, differences, failures }: Compared,
  { list, ...time }: Written,
): string {
  const weeks = Math.max(leastWeeks, time.weeks);
  if (ofRules.length === 0) return `no alerts in this time, on either side\n${failuresText(failures)}`;
  const ranked = ofHomes.toSorted(([, a], [, b]) => weightOf(b) - weightOf(a));
  const homes = ranked.slice(0, list);
  const rest = ranked.length - homes.length;
  const parts = [
    'Alerts a week by rule (of which critical), and what becomes of them:',
    table(
      ['rule', ...rateTitles, 'same', 'earlier', 'later', 'moved by', 'new', 'gone'],
      ofRules.map(([rule, tally]) => [rule, ...ratesOf(tally, weeks), ...fateOf(tally)]),
    ),
    'Alerts a week by home and rule, what differs most first:',
    table(
      ['home', 'rule', ...rateTitles, 'new', 'gone'],
      homes.map(([homeAndRule, tally]) => {
        const [home = '', rule = ''] = homeAndRule.split('\t');
        return [home, rule, ...ratesOf(tally, weeks), String(tally.new), String(tally.gone)];
      }),
    ),
    ...(rest > 0 ? [`and ${rest} more; --list ${ranked.length} writes all of them\n`] : []),
    ...(differences.length > 0 ? [differencesText(differences, list)] : ['nothing is new, and nothing is gone\n']),
  ];
  return `${parts.join('\n')}${failuresText(failures)}`;
}

/** Of a shorter time nothing can be said by the week: a day counts at least. */
const leastWeeks = 1 / 7;
type Written = { weeks: number; list: number };

const rateTitles = ['in force', 'tried'];

function ratesOf({ live, tried }: Tally, weeks: number): string[] {
  return [live, tried].map(
    ({ alerts, critical }) => `${rate(alerts / weeks)}${critical > 0 ? ` (${rate(critical / weeks)})` : ''}`,
  );
}

function fateOf(tally: Tally): string[] {
  const moved = tally.earlier + tally.later;
  const by = moved === 0 ? '-' : `${rate(tally.movedMs / moved / 60_000)} min`;
  return [tally.same, tally.earlier, tally.later].map(String).concat(by, String(tally.new), String(tally.gone));
}

const rate = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));
const weightOf = (tally: Tally): number =>
  1_000_000 * (tally.new + tally.gone) + tally.live.alerts + tally.tried.alerts;

function differencesText(differences: readonly Difference[], list: number): string {
  const shown = differences.slice(0, list);
  const rows = shown.map(({ what, alert: { at, rule, condition, severity, where } }) => [
    ...[what, new Date(at).toISOString().slice(0, 16), homeOf(where), rule, condition, severity],
  ]);
  const counted = differences.length === mostListed ? `the first ${mostListed}` : String(differences.length);
  const title = `New and gone, ${shown.length} of ${counted}, in UTC:`;
  return `${title}\n${table(['', 'at', 'home', 'rule', 'condition', 'severity'], rows)}`;
}

const failuresText = (failures: Compared['failures']): string =>
  failures
    .map(([rule, times]) => `the rule ${rule} failed ${times} times: what it would have said is missing\n`)
    .join('');

function table(titles: string[], rows: string[][]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[titles, ...rows].map(line).join('\n')}\n`;
}
