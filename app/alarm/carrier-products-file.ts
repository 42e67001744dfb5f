import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { shippedProducts } from '../../records/carrier-models.ts';
import { type CarrierProducts, carrierProducts } from '../../records/carrier-products.ts';

/**
 * How the products of carriers speak: what is shipped, and over it what the file says (YAML or JSON). A model of the
 * same name replaces the one that is shipped, and so does a product. Every problem of the file is added to
 * `problems`, with where it is.
 * Source: docs/carriers.md, "A product of your own"
 */
export function readCarrierProducts(file: string, problems: string[]): CarrierProducts {
  const problem = (text: string) => problems.push(`STEPPEWATCH_CARRIERS_PRODUCTS: ${file}: ${text}`);
  const read = carrierProducts.safeParse(parseFile(file, problem));
  if (!read.success) {
    for (const { path, message } of read.error.issues) problem(`${path.join(' > ')}: ${message}`);
    return shippedProducts;
  }
  const models = { ...shippedProducts.models, ...read.data.models };
  const known = Object.keys(models).join(', ');
  for (const { productId, model } of read.data.products)
    if (!Object.hasOwn(models, model)) problem(`product ${productId} has the model ${model}; there are ${known}`);
  // The first that fits is the one.
  return { models, products: [...read.data.products, ...shippedProducts.products] };
}

function parseFile(file: string, problem: (text: string) => void): unknown {
  try {
    const text = readFileSync(file, 'utf8');
    // It is journalled at every start.
    if (text.length <= mostCharacters) return parse(text) ?? {};
    problem(`is longer than ${mostCharacters} characters`);
  } catch (error) {
    problem(`cannot be read: ${(error as Error).message}`);
  }
  return {};
}

const mostCharacters = 200_000;
