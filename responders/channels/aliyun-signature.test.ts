import { expect, test } from 'vitest';
import { aliyunHeaders, aliyunQuery } from './aliyun-signature.ts';

test('the example that Aliyun published is signed as it is there', () => {
  const { authorization } = aliyunHeaders({
    ...{ host: 'ecs.cn-shanghai.aliyuncs.com', action: 'RunInstances', version: '2014-05-26' },
    parameters: {
      RegionId: 'cn-shanghai',
      ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd',
    },
    ...{ at: Date.UTC(2023, 9, 26, 10, 22, 32), nonce: '3156853299f313e23d1673dc12e1703d' },
    ...{ accessKeyId: 'YourAccessKeyId', accessKeySecret: 'YourAccessKeySecret' },
  });
  expect(authorization).toBe(
    'ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
  );
});

test('everything but letters, digits and -_.~ is escaped, a broken character too', () => {
  expect(aliyunQuery({ b: "那 仁*'()!", a: '~-_.\ud800' })).toBe(
    'a=~-_.%EF%BF%BD&b=%E9%82%A3%20%E4%BB%81%2A%27%28%29%21',
  );
});
