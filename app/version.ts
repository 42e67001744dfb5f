import { createRequire } from 'node:module';

/** The running version; `decided` records bear it. */
export const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version;
