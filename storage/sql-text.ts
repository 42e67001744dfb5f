/** JSON without what PostgreSQL refuses in text: NUL, and halves of a surrogate pair, which devices may well send. */
export function json(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('\\u') ? text.replace(escapes, (found) => (found === '\\\\' ? found : '\\ufffd')) : text;
}

// An escaped backslash is matched as a whole, so that the "u0000" behind it is not taken for an escape.
const escapes = /\\\\|\\u0000|\\ud[89a-f][0-9a-f]{2}/g;
