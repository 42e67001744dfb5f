import { crc32 } from 'node:zlib';

/** CRC-32 (IEEE) of the bytes, continued from `seed`: finds torn and flipped bytes, and is no protection against intent. */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes, seed);
}
