import { crc32, inflateRawSync } from 'node:zlib';

/**
 * The parts of a workbook that hold its cells, unpacked within bounds and packed again without compression, so that whatever reads them next
 * can trust every length. What a file says of its own sizes is not believed: it is measured.
 * Source: APPNOTE.TXT of PKWARE (ZIP), 4.3.
 */
export function repack(bytes: Uint8Array): { bytes: Uint8Array } | { problem: string; zh: string } {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const entries = entriesOf(source);
    if (!entries) return notWorkbook;
    if (entries.some(({ name }) => /vbaProject|activeX|externalLink/i.test(name))) return withMacros;
    const files: File[] = [];
    let left = mostBytes;
    for (const entry of entries.filter(({ name }) => /\.xml(\.rels)?$/.test(name))) {
      const content = contentOf(source, entry, left);
      left -= content.length;
      files.push({ name: entry.name, content });
    }
    return { bytes: stored(files) };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge : notWorkbook;
  }
}

const mostBytes = 120_000_000;
const mostEntries = 1_000;
const notWorkbook = { problem: 'the file is no workbook: save it as .xlsx', zh: '文件不是工作簿，请另存为 .xlsx' };
const withMacros = {
  problem: 'the workbook holds macros or links to other files: save it as .xlsx without them',
  zh: '工作簿含有宏或外部链接，请另存为不含宏的 .xlsx',
};
const tooLarge = {
  problem: `the workbook is larger than ${mostBytes / 1_000_000} MB when unpacked; split it`,
  zh: `工作簿展开后超过 ${mostBytes / 1_000_000} MB，请拆分`,
};

type Entry = { name: string; method: number; packedBytes: number; at: number };
type File = { name: string; content: Buffer };

/** The central directory, which stands at the end. */
function entriesOf(source: Buffer): Entry[] | undefined {
  const end = source.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) return undefined;
  const count = source.readUInt16LE(end + 10);
  if (count > mostEntries) return undefined;
  const entries: Entry[] = [];
  for (let [at, left] = [source.readUInt32LE(end + 16), count]; left > 0; left--) {
    if (source.readUInt32LE(at) !== 0x02014b50) return undefined;
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => source.readUInt16LE(at + field));
    const name = source.toString('utf8', at + 46, at + 46 + (nameBytes ?? 0));
    const isEncrypted = (source.readUInt16LE(at + 8) & 1) === 1;
    if (isEncrypted) return undefined;
    const [method, packedBytes] = [source.readUInt16LE(at + 10), source.readUInt32LE(at + 20)];
    entries.push({ name, method, packedBytes, at: source.readUInt32LE(at + 42) });
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return entries;
}

function contentOf(source: Buffer, { method, packedBytes, at }: Entry, mostHere: number): Buffer {
  const from = at + 30 + source.readUInt16LE(at + 26) + source.readUInt16LE(at + 28);
  const packed = source.subarray(from, from + packedBytes);
  if (method === 8) return inflateRawSync(packed, { maxOutputLength: Math.max(1, mostHere) });
  if (method === 0 && packed.length <= mostHere) return packed;
  throw new Error(`an entry is packed by method ${method}`);
}

/** A ZIP file in which nothing is compressed. */
function stored(files: File[]): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content } of files) {
    const nameBytes = Buffer.from(name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt32LE(crc32(content), 10);
    for (const field of [14, 18]) shared.writeUInt32LE(content.length, field);
    shared.writeUInt16LE(nameBytes.length, 22);
    locals.push(Buffer.from('PK\x03\x04', 'latin1'), shared, nameBytes, content);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, rest, nameBytes);
    at += 30 + nameBytes.length + content.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  for (const field of [8, 10]) end.writeUInt16LE(files.length, field);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  // In memory of its own: the reader takes the whole of what it lies in.
  return new Uint8Array(Buffer.concat([...locals, listed, end]));
}
