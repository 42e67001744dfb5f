import type pg from 'pg';

/**
 * The four bytes that stand for a device. What was learned in a transaction holds once it is committed; `forget` when
 * it was not, or when the database may be another one.
 */
export class DeviceKeys {
  readonly #keys = new Map<string, number>();

  of(deviceId: string): number {
    const key = this.#keys.get(deviceId);
    if (key === undefined) throw new Error(`device ${deviceId} was not learned`);
    return key;
  }

  async learn(client: pg.ClientBase, rows: { deviceId: string }[]): Promise<void> {
    const unknown = new Set<string>();
    for (const { deviceId } of rows) if (!this.#keys.has(deviceId)) unknown.add(deviceId);
    if (unknown.size === 0) return;
    if (this.#keys.size > maxKnownDevices) {
      this.#keys.clear();
      return this.learn(client, rows);
    }
    const ids = [...unknown].join('\n');
    await client.query(deviceKeyStatements.insertDevices, [ids]);
    const { rows: found } = await client.query<{ device_id: string; device_key: number }>(
      deviceKeyStatements.selectDevices,
      [ids],
    );
    for (const { device_id, device_key } of found) this.#keys.set(device_id, device_key);
  }

  forget(): void {
    this.#keys.clear();
  }
}

const maxKnownDevices = 1_000_000;
export const deviceKeyStatements = {
  insertDevices: `
    insert into device (device_id)
    select id from unnest(string_to_array($1, E'\\n')) id
    where not exists (select from device where device_id = id)
    on conflict do nothing`,
  selectDevices: `select device_id, device_key from device where device_id = any (string_to_array($1, E'\\n'))`,
};
