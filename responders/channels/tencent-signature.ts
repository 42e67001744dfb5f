import { createHash, createHmac } from 'node:crypto';

/**
 * The headers of a request to Tencent Cloud, signature V3 (TC3-HMAC-SHA256). The day is that of UTC.
 * Units: `at` is epoch ms; Tencent takes 5 minutes on either side.
 * Source: cloud.tencent.com, "Signature method v3"; the test has its example.
 */
export function tencentHeaders(request: TencentRequest): Record<string, string> {
  const { host, service, action, body, at, secretId, secretKey, contentType = json } = request;
  const seconds = String(Math.floor(at / 1_000));
  const day = new Date(at).toISOString().slice(0, 10);
  const scope = `${day}/${service}/tc3_request`;
  const names = 'content-type;host;x-tc-action';
  const lines = `content-type:${contentType}\nhost:${host}\nx-tc-action:${action.toLowerCase()}\n`;
  const canonical = ['POST', '/', '', lines, names, sha256(body)].join('\n');
  const text = [algorithm, seconds, scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(`TC3${secretKey}`, day), service), 'tc3_request');
  const signature = hmac(key, text).toString('hex');
  return {
    ...{ host, 'content-type': contentType, 'x-tc-action': action, 'x-tc-timestamp': seconds },
    authorization: `${algorithm} Credential=${secretId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

export type TencentRequest = {
  host: string;
  service: string;
  action: string;
  body: string;
  at: number;
  secretId: string;
  secretKey: string;
  contentType?: string;
};

const algorithm = 'TC3-HMAC-SHA256';
const json = 'application/json; charset=utf-8';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
