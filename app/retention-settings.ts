import { z } from 'zod';
import { type Class, classes, defaultKeep, type Keep } from '../storage/retention.ts';

const says = 'is a whole number of days';
const days = (name: Class) =>
  z.coerce.number(says).int(says).min(least[name], `at least ${least[name]}`).max(36_500).default(defaultKeep[name]);
/** What the dashboards and the statistics of a month need, they have. */
const least: Keep = {
  ...{ positions: 1, reports: 31, hourly: 31, daily: 62 },
  ...{ incidents: 62, visits: 62, rejections: 1, minutes: 7 },
};

/** How long each class of rows is kept in the database, in days. */
export const retentionSettings = {
  STEPPEWATCH_KEEP_POSITIONS_DAYS: days('positions'),
  STEPPEWATCH_KEEP_REPORTS_DAYS: days('reports'),
  STEPPEWATCH_KEEP_HOURLY_DAYS: days('hourly'),
  STEPPEWATCH_KEEP_DAILY_DAYS: days('daily'),
  STEPPEWATCH_KEEP_INCIDENTS_DAYS: days('incidents'),
  STEPPEWATCH_KEEP_VISITS_DAYS: days('visits'),
  STEPPEWATCH_KEEP_REJECTIONS_DAYS: days('rejections'),
  STEPPEWATCH_KEEP_MINUTES_DAYS: days('minutes'),
};
const allSettings = z.object(retentionSettings);
type Settings = z.infer<typeof allSettings>;

export const settingOf = (name: Class): keyof Settings => `STEPPEWATCH_KEEP_${upper(name)}_DAYS`;
const upper = <C extends Class>(name: C) => name.toUpperCase() as Uppercase<C>;

export function keepFrom(value: Settings, problems: string[]): Keep {
  if (value.STEPPEWATCH_KEEP_POSITIONS_DAYS > value.STEPPEWATCH_KEEP_REPORTS_DAYS)
    problems.push(
      'STEPPEWATCH_KEEP_POSITIONS_DAYS: at most STEPPEWATCH_KEEP_REPORTS_DAYS, because positions are reports',
    );
  return Object.fromEntries(classes.map((name) => [name, value[settingOf(name)]])) as Keep;
}
