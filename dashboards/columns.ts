import { uidOf } from './dashboard.ts';
import type { Column } from './panels.ts';

/** The duty page's own view of an incident, where the look is on record. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in, per row.
export const incidentLink = '${page:raw}/#/incident/${__data.fields.incident_id:percentencode}';
export const severity: Column = { words: ['critical', 'urgent', 'service'] };
export const about: Column = {
  words: ['fire', 'fall', 'call', 'unreadable', 'inactivity', 'wandering', 'reading', 'supervision', 'system'],
};
export const kind: Column = { words: ['smoke-detector', 'wearable', 'call-button', 'presence-sensor'] };
/** Hours, minutes and seconds; the days before them. */
export const seconds: Column = { unit: 'dtdhms' };
/** A home by its number leads to its dashboard. It may be about no home. */
export const home: Column = {
  absent: true,
  link: (texts) => `/d/${uidOf('household', texts)}?var-household=\${__value.raw:percentencode}`,
};
