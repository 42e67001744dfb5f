import { expect, test } from 'vitest';
import { tencentHeaders } from './tencent-signature.ts';

test('the example that Tencent published is signed as it is there', () => {
  const { authorization } = tencentHeaders({
    ...{ host: 'cvm.tencentcloudapi.com', service: 'cvm', action: 'DescribeInstances', at: 1_551_113_065_000 },
    body: String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`,
    ...{ secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3*******' },
  });
  expect(authorization).toBe(
    'TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3',
  );
});
