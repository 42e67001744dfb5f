import { createHmac } from 'node:crypto';
import type { Vault } from '../platform/vault.ts';
import { normalPhone } from '../records/phone.ts';

/**
 * Names for what is personal that say nothing without the installation's pepper, and are the same for ever: so that a number is found
 * again, and counted, without being opened.
 */
export function blindIndex({ pepper }: Pick<Vault, 'pepper'>): BlindIndex {
  const named = (purpose: string, text: string, length: number): string =>
    createHmac('sha256', pepper()).update(`${purpose}\n${text}`).digest('base64url').slice(0, length);
  return {
    phoneKey: (phone) => named('phone', normalPhone(phone), 22),
    target: (address) => named('target', address, 16),
  };
}

export type BlindIndex = {
  /** Of a telephone number, however it is written: 22 characters. */
  phoneKey(phone: string): string;
  /** Of an address that messages go to: 16 characters. */
  target(address: string): string;
};
