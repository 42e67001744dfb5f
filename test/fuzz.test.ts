import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fuzzCries, fuzzPackets, fuzzSystem, fuzzTelemetry } from './fuzz-rounds.ts';

// The same rounds, for as long as wanted and with other seeds: npm run fuzz -- --minutes 10

const seed = 20_261_123;

test('three thousand connections that say anything leave nothing behind, and a fire is heard meanwhile', {
  timeout: 120_000,
}, async () => {
  expect(await fuzzPackets({ seed, connections: 3_000 })).toMatch(/^3000 connections/);
});

test('a call for help, whatever happened to it, is acknowledged and ends in an incident', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-fuzz-'));
  try {
    expect(await fuzzSystem({ seed, homes: 1_000, folder })).toMatch(/^1000 calls for help acknowledged/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('thousands of calls for help, each in a system that knows nothing else, call people', { timeout: 120_000 }, () => {
  expect(fuzzCries({ seed, count: 15_000 })).toMatch(/^15000 calls for help/);
});

test('telemetry, whatever happened to it, is never taken for a call for help', { timeout: 120_000 }, () => {
  expect(fuzzTelemetry({ seed, count: 10_000 })).toMatch(/^10000 pieces of telemetry/);
});
