/** UTF-16 with the high octet first. A half of a pair is kept, since its other half may stand in the next part. */
export function ucs2Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le').swap16();
}

export function ucs2Text(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}
