import { z } from 'zod';
import { isAddressOrNetwork } from '../../platform/address-list.ts';

/** What a provider has to know to push receipts and replies, and where it pushes from; without sources anybody who knows the token may. */
export const pushSettings = z.strictObject({
  token: z
    .string()
    .regex(
      /^[A-Za-z0-9_-]{24,128}$/,
      'is 24 to 128 letters, digits, "_" and "-", for example from `openssl rand -hex 24`',
    ),
  sources: z
    .array(z.string().refine(isAddressOrNetwork, 'is an address or a network like 47.1.2.3 or 47.1.2.0/24'))
    .max(64)
    .default([]),
});
export type PushSettings = z.infer<typeof pushSettings>;
