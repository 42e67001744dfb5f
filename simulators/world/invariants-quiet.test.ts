import { expect, test } from 'vitest';
import type { TimelineEntry } from '../../records/incident.ts';
import type { Entry } from './evidence.ts';
import { quietInvariants } from './invariants-quiet.ts';
import { twoDays } from './two-days.test-support.ts';

test('after a long stop whoever was told and asks for help has more people called, and nobody else does', () => {
  const by = { type: 'contact', id: 'near' } as const;
  const word = (what: TimelineEntry['what']): TimelineEntry => ({ at: 0, what, by, details: { contactId: 'near' } });
  expect(wentOnAfter(word('help-asked'))).toEqual([]);
  expect(wentOnAfter(word('refused-reply'))).not.toEqual([]);
});

/** As if each tick had been a start after three hours, and that had been said before each rung. */
function wentOnAfter(word: TimelineEntry): string[] {
  const whole = twoDays();
  const journal = whole.journal.map((entry): Entry => {
    const { record } = entry;
    if (record.kind === 'tick')
      return { ...entry, record: { kind: 'started', version: 'present', downMs: 3 * 3_600_000 } };
    if (record.kind !== 'decided' || !record.incidents) return entry;
    const incidents = record.incidents.map(({ incident, timeline }) => ({
      incident,
      timeline: timeline.flatMap((one) => (one.what === 'rung' ? [word, one] : [one])),
    }));
    return { ...entry, record: { ...record, incidents } };
  });
  const name = 'what was open while the system stood still goes on by no one but people';
  const meant = quietInvariants.find((one) => one.name === name);
  return meant?.holds({ ...whole, journal }).map(({ says }) => says) ?? [];
}
