import { expect, test } from 'vitest';
import { contactOf, HOUR_MS, li, MINUTE_MS, SECOND_MS, village } from './village.test-support.ts';

test('a fall, then the button 90 s later: one incident, and a second page because it became worse', () => {
  const desk = village();
  desk.alert('fall', 'watch-bat');
  expect(desk.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
  desk.advance(90 * SECOND_MS);
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
  const both = desk.alert('call-emergency', 'button-house');
  expect(desk.open()).toHaveLength(1);
  expect(both).toMatchObject({ category: 'fall', alerts: [{ condition: 'fall' }, { condition: 'call-emergency' }] });
  expect(desk.told()).toEqual(['worse desk!', 'worse near', 'worse station', 'information daughter']);
  // The news does not delay the ladder: the township is told when it would have been.
  desk.advance(30 * SECOND_MS);
  expect(desk.told()).toEqual(['escalation team']);
});

test('two falls in two rooms of one care home are two incidents', () => {
  const desk = village();
  const first = desk.alert('fall', 'watch-tuya');
  desk.advance(4 * MINUTE_MS);
  const second = desk.alert('fall', 'watch-oyun');
  expect(second.incidentId).not.toBe(first.incidentId);
  expect(desk.open()).toHaveLength(2);
});

test('smoke in two rooms of one care home is one incident that names both', () => {
  const desk = village();
  desk.alert('smoke', 'smoke-1');
  desk.advance(4 * MINUTE_MS);
  desk.told();
  const fire = desk.alert('smoke', 'smoke-2');
  expect(fire).toMatchObject({ category: 'fire', subject: { type: 'site', id: 'care' } });
  expect(desk.told()).toEqual(['worse desk!', 'worse night']);
  expect(desk.notices.at(-1)?.text).toMatchObject({ placeIds: ['room-1', 'room-2'], alertCount: 2 });
});

test('smoke in two houses of one village is two incidents', () => {
  const desk = village();
  desk.alert('smoke', 'smoke-house');
  desk.alert('smoke', 'smoke-yurt');
  expect(desk.open()).toHaveLength(2);
});

test('two people who live together fall: two incidents', () => {
  const desk = village();
  desk.alert('fall', 'watch-him');
  desk.alert('fall', 'watch-her');
  expect(desk.open()).toHaveLength(2);
});

test("a couple's button within two hours of a fall belongs to the fall, later it is a call of its own", () => {
  const desk = village();
  const fall = desk.alert('fall', 'watch-her');
  desk.advance(2 * HOUR_MS);
  expect(desk.alert('call-emergency', 'button-yurt').incidentId).toBe(fall.incidentId);
  const other = village();
  const earlier = other.alert('fall', 'watch-her');
  other.advance(2 * HOUR_MS + 1);
  expect(other.alert('call-emergency', 'button-yurt').incidentId).not.toBe(earlier.incidentId);
});

test("a fall within 15 min of the couple's button belongs to that call, later it is one of its own", () => {
  const desk = village();
  const call = desk.alert('call-emergency', 'button-yurt');
  desk.advance(15 * MINUTE_MS);
  expect(desk.alert('fall', 'watch-her').incidentId).toBe(call.incidentId);
  const other = village();
  const earlier = other.alert('call-emergency', 'button-yurt');
  other.advance(15 * MINUTE_MS + 1);
  expect(other.alert('fall', 'watch-her').incidentId).not.toBe(earlier.incidentId);
});

test('calls for care and for a service are queues of their own', () => {
  const desk = village();
  desk.alert('call-emergency', 'button-house');
  desk.alert('call-care', 'button-house');
  desk.alert('call-service', 'button-house');
  expect(desk.open().map(({ severity }) => severity)).toEqual(['critical', 'urgent', 'service']);
  expect(desk.incidents.openCounts()).toEqual({ critical: 1, urgent: 1, service: 1 });
});

test('tired and faulty devices of a village gather in one incident that pages nobody', () => {
  const desk = village();
  desk.alert('device-fault', 'smoke-house');
  desk.advance(HOUR_MS);
  const work = desk.alert('battery-low', 'watch-him');
  desk.advance(HOUR_MS);
  expect(work).toMatchObject({ category: 'supervision', severity: 'service', subject: { type: 'area', id: 'east' } });
  expect(work.alerts).toHaveLength(2);
  expect(desk.notices).toEqual([]);
});

test('a device without which nobody sees a fire is no line of the work list', () => {
  const desk = village();
  desk.alert('battery-low', 'watch-him');
  const blind = desk.alert('device-silent', 'smoke-house', { severity: 'critical' });
  expect(blind).toMatchObject({ subject: { type: 'device', id: 'smoke-house' }, severity: 'critical' });
  expect(desk.told()).toEqual(['alarm desk!', 'alarm station']);
});

test('who was away and comes home by themselves ends what nobody had in hand; at night a person does', () => {
  for (const [severity, phase] of [
    ['urgent', 'resolved'],
    ['critical', 'open'],
  ] as const) {
    const desk = village();
    desk.alert('wandering', 'watch-him', { alertId: 'away', severity });
    const one = desk.alert('position-unknown', 'watch-him', { alertId: 'unknown', severity: 'urgent' });
    expect(one).toMatchObject({ category: 'wandering', subject: { type: 'person', id: 'him' } });
    expect(desk.open()).toHaveLength(1);
    desk.change({ type: 'clear', alertId: 'away', at: desk.now, reason: {} });
    expect(desk.see(one).state.phase).toBe('open');
    desk.change({ type: 'clear', alertId: 'unknown', at: desk.now, reason: {} });
    expect(desk.see(one).state.phase).toBe(phase);
  }
});

test("whether a household moved is a line of the village's work", () => {
  const desk = village();
  const question = desk.alert('camp-moved', 'watch-him', { severity: 'service' });
  expect(question).toMatchObject({ category: 'supervision', subject: { type: 'area', id: 'east' } });
  expect(desk.notices).toEqual([]);
});

test("the village's work is over when every device is well again; who was told of nothing hears nothing", () => {
  const desk = village();
  const work = desk.alert('battery-low', 'smoke-house', { alertId: 'low-1' });
  desk.alert('battery-low', 'smoke-yurt', { alertId: 'low-2' });
  desk.change({ type: 'clear', alertId: 'low-1', at: desk.now, reason: {} });
  expect(desk.see(work).state.phase).toBe('open');
  desk.change({ type: 'clear', alertId: 'low-2', at: desk.now, reason: {} });
  expect(desk.see(work).state).toMatchObject({ phase: 'resolved', by: { type: 'system' } });
  expect(desk.notices).toEqual([]);
});

test('smoke that clears by itself after 15 s stays open', () => {
  const desk = village();
  const fire = desk.alert('smoke', 'smoke-house', { alertId: 'smoke' });
  desk.advance(15 * SECOND_MS);
  desk.change({ type: 'clear', alertId: 'smoke', at: desk.now, reason: {} });
  expect(desk.see(fire)).toMatchObject({ state: { phase: 'open' }, alerts: [{ clearedAt: desk.now }] });
  expect(desk.lines(fire)).toContain('alert-cleared');
});

test('the same alert twice is one alert, and nobody is told again', () => {
  const desk = village();
  const fire = desk.alert('smoke', 'smoke-house', { alertId: 'smoke' });
  const told = desk.notices.length;
  desk.alert('smoke', 'smoke-house', { alertId: 'smoke' });
  expect(desk.see(fire)).toBe(fire);
  expect(desk.notices).toHaveLength(told);
});

test('smoke that comes back after it had cleared is told again', () => {
  const desk = village();
  desk.alert('smoke', 'smoke-house', { alertId: 'smoke' });
  const { at, back } = {
    at: desk.now,
    back: { type: 'strengthen', alertId: 'smoke', severity: 'critical', reason: {} } as const,
  };
  desk.change({ type: 'clear', alertId: 'smoke', at, reason: {} });
  desk.told();
  desk.change({ ...back, at });
  expect(desk.told()).toContain('worse near');
});

test('smoke that comes back after a person had ended the incident opens it again', () => {
  const desk = village();
  const fire = desk.alert('smoke', 'smoke-house', { alertId: 'smoke' });
  desk.command(fire, { type: 'resolve', by: li, outcome: 'false-alarm', contact: 'reached' });
  desk.told();
  desk.change({
    type: 'strengthen',
    alertId: 'smoke',
    at: desk.now,
    severity: 'critical',
    reason: { transition: 'off to on' },
  });
  expect(desk.see(fire).state.phase).toBe('open');
  expect(desk.lines(fire)).toContain('reopened');
  expect(desk.told()).toContain('worse near');
});

test('a press that makes two falls urgent that a person had ended opens one of them again, which is told once', () => {
  const desk = village();
  const falls = ['fall-1', 'fall-2'].map((alertId) => {
    const incident = desk.alert('fall', 'watch-bat', { alertId, severity: 'urgent' });
    desk.command(incident, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
    desk.advance(HOUR_MS);
    return incident;
  });
  desk.told();
  const press = { type: 'strengthen', at: desk.now, severity: 'critical', reason: {} } as const;
  desk.change({ ...press, alertId: 'fall-1' }, { ...press, alertId: 'fall-2' });
  expect(falls.map((one) => desk.see(one).state.phase)).toEqual(['open', 'resolved']);
  expect(desk.told().filter((line) => line === 'worse near')).toHaveLength(1);
});

test('a new fall after the last one was ended is a new incident', () => {
  const desk = village();
  const first = desk.alert('fall', 'watch-bat');
  desk.command(first, { type: 'resolve', by: li, outcome: 'helped', contact: 'reached' });
  desk.advance(MINUTE_MS);
  expect(desk.alert('fall', 'watch-bat').incidentId).not.toBe(first.incidentId);
});

test('a suspicion that becomes a certainty starts the ladder of a certainty', () => {
  const desk = village();
  desk.alert('fall', 'watch-bat', { alertId: 'fall', severity: 'urgent' });
  expect(desk.told()).toEqual(['alarm desk!']);
  desk.change({ type: 'strengthen', alertId: 'fall', at: desk.now, severity: 'critical', reason: {} });
  expect(desk.told()).toEqual(['worse desk!', 'worse near', 'worse station', 'information daughter']);
  desk.advance(MINUTE_MS);
  expect(desk.told()).toEqual(['escalation next', 'escalation desk']);
});

test('two alerts of one report are one message that names both', () => {
  const desk = village();
  const fall = desk.alertOf('fall', 'watch-bat');
  const press = desk.alertOf('call-emergency', 'watch-bat');
  desk.change({ type: 'raise', alert: fall }, { type: 'raise', alert: press });
  expect(desk.open()).toHaveLength(1);
  expect(desk.told()).toEqual(['alarm desk!', 'alarm near', 'alarm station', 'information daughter']);
  expect(desk.notices[1]?.text).toMatchObject({ condition: 'fall', alertCount: 2 });
});

test('a press of a device that nobody registered sounds at the desk, and the county is told at once', () => {
  const desk = village({ contacts: [contactOf('lead', 'area', 'county', 'county')] });
  const call = desk.alert('call-emergency', '866000000000001');
  expect(call).toMatchObject({ subject: { type: 'device', id: '866000000000001' } });
  expect(desk.notices[0]?.text).toMatchObject({ unregistered: true, deviceId: '866000000000001' });
  expect(desk.open().map(({ category }) => category)).toEqual(['call']);
  expect(desk.told()).toEqual(['alarm desk!', 'alarm lead']);
});

test('a note about an alert stands in the timeline of its incident, and calls nobody', () => {
  const desk = village();
  const fire = desk.alert('smoke', 'smoke-house', { alertId: 'smoke' });
  desk.told();
  desk.note('hushed', 'smoke');
  desk.note('call-repeated', 'an alert that nobody knows');
  expect(desk.timeline.at(-1)).toMatchObject({ what: 'alert', details: { note: 'hushed' } });
  expect(desk.see(fire).version).toBe(fire.version);
  expect(desk.told()).toEqual([]);
});

test('an incident keeps 200 alerts and counts the rest; a cleared one makes room', () => {
  const desk = village();
  const work = desk.alert('battery-low', 'smoke-house', { alertId: 'low-0' });
  const raise = (alertId: string) =>
    ({ type: 'raise', alert: desk.alertOf('battery-low', 'smoke-house', { alertId }) }) as const;
  for (let number = 1; number < 200; number++) desk.change(raise(`low-${number}`));
  desk.change(raise('low-200'));
  expect(desk.see(work)).toMatchObject({ moreAlerts: 1 });
  expect(desk.see(work).alerts).toHaveLength(200);
  desk.change({ type: 'clear', alertId: 'low-7', at: desk.now, reason: {} }, raise('low-201'));
  expect(desk.see(work)).toMatchObject({ moreAlerts: 1 });
  expect(desk.see(work).alerts.map(({ alertId }) => alertId)).toContain('low-201');
  expect(desk.see(work).alerts.map(({ alertId }) => alertId)).not.toContain('low-7');
});
