/**
 * The network's side of the messages of a modem, written apart from the product's: it reads what the product sends, bit by bit, and refuses what
 * a modem or a service centre refuses. Source: 3GPP TS 23.040 and 23.038.
 */
export type Submitted = {
  phone: string;
  text: string;
  part?: { reference: number; total: number; number: number };
  validityMinutes: number;
  wantsReport: boolean;
};

/** Throws what is wrong with it. `octets` is what AT+CMGS announced. */
export function readSubmit(hex: string, octets: number): Submitted {
  if (!/^([0-9A-F]{2})+$/.test(hex)) throw new Error('not in hexadecimal');
  const bytes = [...Buffer.from(hex, 'hex')];
  const center = bytes.shift() ?? 0;
  bytes.splice(0, center);
  if (bytes.length !== octets) throw new Error(`${octets} octets were announced, ${bytes.length} came`);
  const next = () => {
    const byte = bytes.shift();
    if (byte === undefined) throw new Error('cut off');
    return byte;
  };
  const first = next();
  if ((first & 0x03) !== 1 || (first & 0x18) !== 0x10) throw new Error('no SMS-SUBMIT with a relative validity');
  if (next() !== 0) throw new Error('the modem gives the reference');
  const digits = next();
  const kind = next();
  const phone = Array.from({ length: Math.ceil(digits / 2) }, next)
    .map((byte) => byte.toString(16).padStart(2, '0').split('').reverse().join(''))
    .join('');
  if (!/^[0-9]+f?$/.test(phone) || phone.replace('f', '').length !== digits) throw new Error('no number');
  next();
  const coding = next();
  const validity = next();
  const length = next();
  const isUcs2 = coding === 8;
  if (bytes.length !== (isUcs2 ? length : Math.ceil((length * 7) / 8)))
    throw new Error('the length of the text is wrong');
  if (bytes.length > 140) throw new Error('more than 140 octets');
  const header = (first & 0x40) !== 0 ? bytes.slice(0, (bytes[0] ?? 0) + 1) : [];
  const [, id, size, reference = 0, total = 0, number = 0] = header;
  if (header.length > 0 && (id !== 0 || size !== 3)) throw new Error('a header that is none of a part');
  return {
    phone: `${kind === 0x91 ? '+' : ''}${phone.replace('f', '')}`,
    text: isUcs2 ? utf16(bytes.slice(header.length)) : septetsIn(bytes, length, header.length),
    ...(header.length > 0 && { part: { reference, total, number } }),
    validityMinutes: validity <= 143 ? (validity + 1) * 5 : 720 + (validity - 143) * 30,
    wantsReport: (first & 0x20) !== 0,
  };
}

/** SMS-DELIVER as a modem hands it on. The stamp is of a day in 2026, `second` of it. */
export function deliverTpdu({ phone, text, part, second = 0 }: Delivery): { hex: string; octets: number } {
  const header = part ? headerOf(part) : [];
  const isLatin = /^[A-Za-z0-9 .,?!]*$/.test(text);
  const content = isLatin ? septetsOf(text, header) : [...header, ...Buffer.from(text, 'utf16le').swap16()];
  const units = isLatin ? Math.ceil((header.length * 8) / 7) + text.length : content.length;
  const tpdu = [
    header.length > 0 ? 0x44 : 0x04,
    ...address(phone),
    0,
    isLatin ? 0 : 8,
    ...stamp(second),
    units,
    ...content,
  ];
  return { hex: `00${hexOf(tpdu)}`, octets: tpdu.length };
}
export type Delivery = {
  phone: string;
  text: string;
  part?: { reference: number; total: number; number: number; wide?: boolean };
  second?: number;
};

export function reportTpdu(reference: number, phone: string, status: number): { hex: string; octets: number } {
  const tpdu = [0x06, reference, ...address(phone), ...stamp(0), ...stamp(5), status];
  return { hex: `00${hexOf(tpdu)}`, octets: tpdu.length };
}

function headerOf({ reference, total, number, wide }: NonNullable<Delivery['part']>): number[] {
  if (wide) return [6, 8, 4, reference >> 8, reference & 0xff, total, number];
  return [5, 0, 3, reference, total, number];
}

function address(phone: string): number[] {
  const digits = phone.replace('+', '');
  const padded = digits.length % 2 === 0 ? digits : `${digits}f`;
  const swapped = padded.replaceAll(/(.)(.)/g, '$2$1');
  return [digits.length, phone.startsWith('+') ? 0x91 : 0xa1, ...Buffer.from(swapped, 'hex')];
}

const stamp = (second: number): number[] =>
  ['26', '11', '23', '03', '12', String(second % 60).padStart(2, '0'), '32'].map((pair) =>
    Number.parseInt(`${pair[1]}${pair[0]}`, 16),
  );

const hexOf = (bytes: number[]): string => Buffer.from(bytes).toString('hex').toUpperCase();
const utf16 = (bytes: number[]): string => Buffer.from(bytes).swap16().toString('utf16le');

/** As a row of bits, the lowest of the first octet first. */
function septetsIn(bytes: number[], count: number, headerOctets: number): string {
  const bits = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1));
  const skipped = Math.ceil((headerOctets * 8) / 7);
  const septets = Array.from({ length: count - skipped }, (_, index) => {
    const at = (index + skipped) * 7;
    return bits.slice(at, at + 7).reduce((value, bit, place) => value + (bit << place), 0);
  });
  return septets.map((septet) => latin.get(septet) ?? `<${septet.toString(16)}>`).join('');
}

function septetsOf(text: string, header: number[]): number[] {
  const fill = (7 - ((header.length * 8) % 7)) % 7;
  const bits = Array.from({ length: fill }, () => 0);
  for (const character of text) for (let bit = 0; bit < 7; bit++) bits.push((character.charCodeAt(0) >> bit) & 1);
  const octets = Array.from({ length: Math.ceil(bits.length / 8) }, (_, index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((value, bit, place) => value + (bit << place), 0),
  );
  return [...header, ...octets];
}

/** What GSM's alphabet and ASCII share, and some of what they do not; every other septet is shown by its number. */
const latin = new Map<number, string>([
  ...Array.from({ length: 0x7b - 0x20 }, (_, index): [number, string] => [
    index + 0x20,
    String.fromCharCode(index + 0x20),
  ]).filter(([, character]) => /[A-Za-z0-9 !"#%&'()*+,\-./:;<=>?]/.test(character)),
  ...([
    [0x00, '@'],
    [0x0a, '\n'],
    [0x02, '$'],
    [0x01, '£'],
    [0x11, '_'],
    [0x04, 'è'],
  ] as [number, string][]),
]);
