import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { modelOf } from '../../records/carrier-products.ts';
import { readConfiguration } from '../configuration.ts';

const token = 'a'.repeat(32);
const example = fileURLToPath(new URL('../../docs/carrier-products-example.yaml', import.meta.url));
const carriersOf = (environment: Record<string, string>) => readConfiguration(environment).carriers;

test('without a token no platform can push, and nothing listens', () => {
  expect(carriersOf({})).toBeUndefined();
});

test('a platform with a token can push, on loopback alone', () => {
  expect(carriersOf({ STEPPEWATCH_CTWING_TOKEN: token })).toMatchObject({
    listen: { host: '127.0.0.1', port: 8090 },
    tokens: { ctwing: token, onenet: undefined, iotda: undefined },
  });
});

describe('is refused, with what would be right', () => {
  test.each([
    [{ STEPPEWATCH_CTWING_TOKEN: 'short' }, /STEPPEWATCH_CTWING_TOKEN: is 24 to 128/],
    [{ STEPPEWATCH_CTWING_TOKEN: `${token}/x` }, /STEPPEWATCH_CTWING_TOKEN/],
    [{ STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_IOTDA_TOKEN: token }, /a token of its own/],
    [{ STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_PORT: '8080' }, /must differ/],
    [
      { STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_HOST: '0.0.0.0' },
      /STEPPEWATCH_CARRIERS_PLAINTEXT=i-accept/,
    ],
    [{ STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_PRODUCTS: '/nowhere.yaml' }, /cannot be read/],
  ])('%j', (environment, problem) => {
    expect(() => carriersOf(environment as Record<string, string>)).toThrow(problem);
  });

  test('a file of products in which something is wrong, with its place', () => {
    const folder = mkdtempSync(join(tmpdir(), 'products-'));
    const file = join(folder, 'products.yaml');
    const read = (text: string) => {
      writeFileSync(file, text);
      return () => carriersOf({ STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_PRODUCTS: file });
    };
    try {
      const model = (meaning: string) => `models: { m: { codes: { state: { values: { 1: ${meaning} } } } } }`;
      expect(read(model('fire'))).toThrow(/models > m > codes > state > values > 1: .*"alarm"/);
      expect(read('products: [{ platform: ctwing, productId: "1", model: m }]')).toThrow(
        /product 1 has the model m; there are lian-smoke/,
      );
      expect(read('models: {')).toThrow(/cannot be read/);
      expect(read(`# ${'x'.repeat(200_000)}`)).toThrow(/longer than/);
      expect(read('')).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('an address beyond loopback is taken when the operator says so', () => {
  const carriers = carriersOf({
    ...{ STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_HOST: '0.0.0.0' },
    STEPPEWATCH_CARRIERS_PLAINTEXT: 'i-accept-that-anybody-can-read-and-forge',
  });
  expect(carriers?.listen.host).toBe('0.0.0.0');
});

test('the example in the documentation is a file of products, and what is shipped stands beside it', () => {
  const carriers = carriersOf({ STEPPEWATCH_CTWING_TOKEN: token, STEPPEWATCH_CARRIERS_PRODUCTS: example });
  const products = carriers?.products ?? { models: {}, products: [] };
  expect(modelOf(products, 'ctwing', '15101234')?.codes.state?.values[1]).toBe('alarm');
  expect(modelOf(products, 'ctwing', '15109999')?.contract).toEqual({
    field: 'APPdata',
    encoding: 'base64',
    report: 'batch',
  });
  expect(modelOf(products, 'ctwing', '15014772')?.codes.Alarm_Status?.values[1]).toBe('alarm');
  expect(modelOf(products, 'iotda', 'anything')?.codes.co_state?.source).toBe('co');
  expect(modelOf(products, 'onenet', 'another')).toBeUndefined();
});
