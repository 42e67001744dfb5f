import { createHash, createHmac } from 'node:crypto';

/**
 * The headers of a request in the style RPC: parameters in the query, an empty body, signature V3 (ACS3-HMAC-SHA256).
 * Units: `at` is epoch ms; Aliyun takes 15 minutes on either side. A `nonce` is used once.
 * Source: help.aliyun.com, "V3 request structure and signature"; the test has its example.
 */
export function aliyunHeaders(request: AliyunRequest): Record<string, string> {
  const { host, action, version, at, nonce, accessKeyId, accessKeySecret } = request;
  const signed: [string, string][] = [
    ['host', host],
    ['x-acs-action', action],
    ['x-acs-content-sha256', sha256('')],
    ['x-acs-date', `${new Date(at).toISOString().slice(0, 19)}Z`],
    ['x-acs-signature-nonce', nonce],
    ['x-acs-version', version],
  ];
  const names = signed.map(([name]) => name).join(';');
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = ['POST', '/', aliyunQuery(request.parameters), lines, names, sha256('')].join('\n');
  const signature = createHmac('sha256', accessKeySecret)
    .update(`${algorithm}\n${sha256(canonical)}`)
    .digest('hex');
  const authorization = `${algorithm} Credential=${accessKeyId},SignedHeaders=${names},Signature=${signature}`;
  return { ...Object.fromEntries(signed), authorization };
}

export type AliyunRequest = {
  host: string;
  action: string;
  version: string;
  parameters: Readonly<Record<string, string>>;
  at: number;
  nonce: string;
  accessKeyId: string;
  accessKeySecret: string;
};

/** Sorted by name, and escaped as RFC 3986 has it. */
export function aliyunQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join('&');
}

const algorithm = 'ACS3-HMAC-SHA256';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
