import { z } from 'zod';
import { lifeSafetyReports } from '../firmware-contracts/report.ts';

/** The platforms of network operators that push what devices said to them. Each is a source of records of its own. */
export const carriers = ['ctwing', 'onenet', 'iotda'] as const;
export type Carrier = (typeof carriers)[number];

/**
 * What a maker's code says in the words of our contracts. `muted` silences an alarm that stands and is none by
 * itself; `nothing` is a sign of life. `low-battery` and `fault` become faults of a status.
 */
export const meanings = [
  ...([
    'alarm',
    'normal',
    'muted',
    'test',
    'self-test',
    'tampered',
    'mounted',
    'low-battery',
    'fault',
    'nothing',
  ] as const),
  ...(['fall', 'call-emergency', 'call-care', 'call-service'] as const),
] as const;
export type Meaning = (typeof meanings)[number];

/** What a maker's figure is in our contracts: a field of `status`, or evidence beside an alarm. */
export const readingNames = [
  ...(['charge', 'battery', 'rsrp', 'snr', 'cell', 'firmware', 'temperature', 'interval'] as const),
  ...(['obscuration', 'co', 'gas'] as const),
] as const;
export type ReadingName = (typeof readingNames)[number];

const sources = ['smoke', 'heat', 'co', 'gas', 'water'] as const;
const fieldName = z.string().min(1).max(64);
const encoding = z.enum(['base64', 'hex']).default('base64');
const byteTypes = ['uint8', 'int8', 'uint16', 'int16', 'uint32'] as const;

/**
 * How one maker's product speaks. A model knows nothing of a platform: the same detector may be behind any of them.
 * `codes`: fields whose values have a meaning each; a value that is not listed is an alarm that cannot be read.
 * `readings`: figures, times `scale`. `ignored`: fields that are known to say nothing, though their names sound as
 * if. `bytes`: where those fields stand in the raw bytes of one field, big-endian. `contract`: the field that carries
 * our own payload, as it would be published on `up/{deviceId}/{report}`. `unreadable`: as what something unreadable
 * of this product is raised.
 */
export const carrierModel = z.strictObject({
  source: z.enum(sources).default('smoke'),
  unreadable: z.enum([...lifeSafetyReports, 'nothing']).default('alarm'),
  codes: z
    .record(
      fieldName,
      z.strictObject({
        source: z.exactOptional(z.enum(sources)),
        values: z.record(z.string().min(1).max(64), z.enum(meanings)),
      }),
    )
    .default({}),
  readings: z.record(fieldName, z.strictObject({ as: z.enum(readingNames), scale: z.number().default(1) })).default({}),
  ignored: z.array(fieldName).max(256).default([]),
  bytes: z.exactOptional(
    z.strictObject({
      field: fieldName,
      encoding,
      layout: z
        .record(fieldName, z.strictObject({ at: z.int().min(0).max(1023), type: z.enum(byteTypes) }))
        .refine((layout) => Object.keys(layout).length > 0, 'names at least one field'),
    }),
  ),
  contract: z.exactOptional(
    z.strictObject({
      field: fieldName,
      encoding,
      report: z
        .string()
        .regex(/^[a-z][a-z0-9-]{0,31}$/)
        .default('batch'),
    }),
  ),
});
export type CarrierModel = z.infer<typeof carrierModel>;

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'is lower-case letters, digits and dashes');

/** Which product of which platform speaks which model. `productId` `*` stands for every product that is not listed. */
export const carrierProducts = z.strictObject({
  models: z
    .record(name, carrierModel)
    .refine((models) => Object.keys(models).length <= 100, 'at most 100 models')
    .default({}),
  products: z
    .array(z.strictObject({ platform: z.enum(carriers), productId: z.string().min(1).max(64), model: name }))
    .max(1000)
    .default([]),
});
export type CarrierProducts = z.infer<typeof carrierProducts>;

/** The model of a product; undefined when nobody has said how it speaks. */
export function modelOf(
  { models, products }: CarrierProducts,
  platform: Carrier,
  productId: string | undefined,
): CarrierModel | undefined {
  const mine = products.filter((product) => product.platform === platform);
  const product = mine.find((one) => one.productId === productId) ?? mine.find((one) => one.productId === '*');
  return product && Object.hasOwn(models, product.model) ? models[product.model] : undefined;
}

export const noProducts: CarrierProducts = { models: {}, products: [] };
