import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { register, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, registerVillage, secretOf } from '../bench/village.ts';

test('a device that leaves the registry is cut off at once, and does not come back', async () => {
  const temporary = temporaryFolder('revocation');
  const system = await startSystem({ dataFolder: temporary.folder });
  try {
    await registerVillage(system, 8, { url: 'http://127.0.0.1:9/', secret: `whsec_${'A'.repeat(32)}` });
    const [gone, stays] = [await connect(deviceId(0)), await connect(deviceId(4))];
    await register(system.control, [{ type: 'remove', entity: 'device', id: deviceId(0) }]);
    await until('its connection to end', async () => !gone.connected, 5_000);
    await expect(connect(deviceId(0))).rejects.toThrow(/bad username or password/i);
    expect(stays.connected).toBe(true);
    await stays.endAsync(true);
  } finally {
    await system.stop();
    temporary.remove();
  }

  function connect(id: string) {
    const options = { clientId: id, username: id, password: secretOf(id), reconnectPeriod: 0 };
    return connectAsync(`mqtt://127.0.0.1:${system.ports.mqtt}`, options, false);
  }
}, 60_000);
