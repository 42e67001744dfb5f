import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDecoder } from '../ingest/decoder.ts';
import { lifeSafetyConditions } from '../records/alert.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Device } from '../records/registry.ts';
import { allRules } from '../rules/all-rules.ts';
import { createEngine } from '../rules/engine.ts';
import { localTime, registryOf } from '../rules/watch.test-support.ts';
import { decodeCommand } from './commands.ts';
import { type DecodedReport, decodeBatch, decodeReport } from './decode.ts';
import { fromHexadecimal } from './hexadecimal.ts';
import { lifeSafetyReports } from './report.ts';
import { goldenVectors, publishedOutcome, type Vector } from './vectors.ts';

// What was published is what the system does: every version, for ever.

const published = join(import.meta.dirname, 'published');
const vectors = readdirSync(published).flatMap((release) => {
  const all = JSON.parse(readFileSync(join(published, release, 'vectors.json'), 'utf8')) as Vector[];
  return all.map((vector) => ({ ...vector, release }));
});
const payloadOf = ({ bytes }: Vector) => fromHexadecimal(bytes) ?? new Uint8Array();

test.each(vectors)('$release $topic: $says', (vector) => {
  const [direction, , name = ''] = vector.topic.split('/');
  const payload = payloadOf(vector);
  const read = { payload, kind: vector.kind };
  const outcome =
    direction === 'down'
      ? decodeCommand(name, payload)
      : name === 'batch'
        ? decodeBatch(read).map(publishedOutcome)
        : publishedOutcome(decodeReport({ report: name, ...read }));
  // Integers beyond what JSON can hold are published as text, and what is undefined not at all.
  const spelled = JSON.stringify(outcome, (_, one) => (typeof one === 'bigint' ? String(one) : one));
  expect(JSON.parse(spelled)).toEqual(vector.outcome);
  if (vector.json !== undefined) expect(new TextEncoder().encode(vector.json)).toEqual(payload);
});

describe('what is raised', () => {
  test.each(vectors.filter(({ topic }) => topic.startsWith('up/')))('$release $topic: $says', (vector) => {
    expect(raisedBy(vector)).toEqual(vector.raises === undefined ? [] : [vector.raises]);
  });

  test('every life-safety report that cannot be read raises, and there is one of each name and encoding', () => {
    const failing = goldenVectors().filter(({ outcome }) => (outcome as DecodedReport).type === 'unreadable');
    for (const { raises } of failing) expect(raises).toEqual({ condition: 'unreadable', severity: 'critical' });
    for (const name of lifeSafetyReports) expect(failing.some(({ topic }) => topic.endsWith(`/${name}`))).toBe(true);
    expect(failing.some(({ bytes }) => /^[ab]/.test(bytes))).toBe(true);
  });
});

test('there is a vector for each reason of a refusal', () => {
  const outcomes = goldenVectors().flatMap(({ outcome }) => outcome as DecodedReport | DecodedReport[]);
  const reasons = new Set(outcomes.flatMap((one) => (one.type === 'rejection' ? [one.reason] : [])));
  expect([...reasons].sort()).toEqual([
    'batch-too-long',
    'inconsistent',
    'malformed',
    'missing-field',
    'newer-version',
    'other-kind',
    'out-of-range',
    'unknown-field',
    'unknown-report',
    'unknown-value',
    'wrong-type',
  ]);
});

/** What life hangs on and stands two minutes after a report: decoded and judged as the system does it, in a home with that one device. */
function raisedBy(vector: Vector) {
  const [, deviceId = '', report = ''] = vector.topic.split('/');
  const state = new FoldState();
  const device = (id: string): Device | undefined =>
    vector.kind && { id, kind: vector.kind, intervalMinutes: 1440, simulated: false };
  const registry = { ...registryOf([{ deviceId, placeId: 'house-1', personId: 'her' }]), device };
  const decoder = createDecoder({ state, registry });
  const engine = createEngine({ rules: allRules, state, registry, localTime });
  const placed = { sequence: 1, receivedAt: 1_791_000_000_000 };
  const record = { kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report } as const;
  const parts = decoder.step({ ...record, payload: payloadOf(vector) }, placed);
  const changes = parts.flatMap((part) => (part.type === 'event' ? engine.step(part.event).changes : []));
  changes.push(...engine.fire(placed.receivedAt + 120_000).changes);
  return changes.flatMap((change) => {
    if (change.type !== 'raise') return [];
    const { condition, severity } = change.alert;
    // Rules that watch over devices come and go.
    return lifeSafetyConditions.has(condition) ? [{ condition, severity }] : [];
  });
}
