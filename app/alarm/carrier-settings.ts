import { z } from 'zod';
import { shippedProducts } from '../../records/carrier-models.ts';
import type { Carrier, CarrierProducts } from '../../records/carrier-products.ts';
import { listenerSettings, port, refusePlaintext } from '../listener-settings.ts';
import { readCarrierProducts } from './carrier-products-file.ts';

const token = z
  .string()
  .regex(
    /^[A-Za-z0-9_-]{24,128}$/,
    'is 24 to 128 letters, digits, "_" and "-", for example from `openssl rand -hex 24`',
  )
  .optional();

/** What the environment says of the carriers' way in; it is closed while no platform has a token. */
export const carrierSettings = {
  STEPPEWATCH_CARRIERS_HOST: z.string().min(1).default('127.0.0.1'),
  STEPPEWATCH_CARRIERS_PORT: port.default(8090),
  STEPPEWATCH_CARRIERS_PLAINTEXT: listenerSettings.STEPPEWATCH_HTTP_PLAINTEXT,
  STEPPEWATCH_CARRIERS_PRODUCTS: z.string().min(1).optional(),
  STEPPEWATCH_CTWING_TOKEN: token,
  STEPPEWATCH_ONENET_TOKEN: token,
  STEPPEWATCH_IOTDA_TOKEN: token,
};
const allSettings = z.object(carrierSettings);

export const carrierSecrets = [
  'STEPPEWATCH_CTWING_TOKEN',
  'STEPPEWATCH_ONENET_TOKEN',
  'STEPPEWATCH_IOTDA_TOKEN',
] as const satisfies (keyof typeof carrierSettings)[];

export type CarrierConfiguration = {
  listen: { host: string; port: number };
  tokens: { readonly [C in Carrier]: string | undefined };
  products: CarrierProducts;
};

/** Undefined: no platform may push. */
export function carriersFrom(value: z.infer<typeof allSettings>, problems: string[]): CarrierConfiguration | undefined {
  const tokens = {
    ctwing: value.STEPPEWATCH_CTWING_TOKEN,
    onenet: value.STEPPEWATCH_ONENET_TOKEN,
    iotda: value.STEPPEWATCH_IOTDA_TOKEN,
  };
  const given = Object.values(tokens).filter((one) => one !== undefined);
  if (given.length === 0) return undefined;
  if (new Set(given).size < given.length) problems.push('each platform has a token of its own: two are the same');
  const { STEPPEWATCH_CARRIERS_HOST: host, STEPPEWATCH_CARRIERS_PORT: port } = value;
  const accepted = value.STEPPEWATCH_CARRIERS_PLAINTEXT;
  const instead = 'put a proxy with TLS before 127.0.0.1';
  refusePlaintext([{ name: 'STEPPEWATCH_CARRIERS_HOST', host, accepted, instead }], problems);
  const file = value.STEPPEWATCH_CARRIERS_PRODUCTS;
  const products = file === undefined ? shippedProducts : readCarrierProducts(file, problems);
  return { listen: { host, port }, tokens, products };
}
