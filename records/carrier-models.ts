import { type CarrierProducts, carrierProducts } from './carrier-products.ts';

/**
 * Models that are shipped, and the products whose pushes were published with an explanation of their codes. An
 * installation adds its own by a file; its products take precedence over these.
 * Source: docs/carriers.md, "Models that are known"
 */
export const shippedProducts: CarrierProducts = carrierProducts.parse({
  models: {
    // Code 3 is reserved: a detector that sends it says something that nobody has explained.
    'lian-smoke': {
      source: 'smoke',
      codes: {
        Alarm_Status: {
          values: {
            1: 'alarm',
            2: 'muted',
            4: 'low-battery',
            5: 'fault',
            6: 'fault',
            7: 'normal',
            8: 'muted',
            9: 'muted',
            10: 'tampered',
            11: 'mounted',
            12: 'nothing',
            13: 'fault',
            14: 'test',
          },
        },
      },
      readings: {
        Battery_Level: { as: 'charge' },
        TData: { as: 'temperature' },
        RSRP: { as: 'rsrp', scale: -1 },
        SNR: { as: 'snr' },
        Cell_ID: { as: 'cell' },
      },
      ignored: ['AlarmLevel', 'CSQ', 'Cell_ID_Length', 'IMEI'],
    },
    // Zero is the alarm. Other makers use the same field with one for it, so that no model is guessed from names.
    'siterwell-smoke': {
      source: 'smoke',
      codes: {
        smoke_state: { values: { 0: 'alarm', 1: 'normal' } },
        tamper_alarm: { values: { 0: 'mounted', 1: 'tampered' } },
        error: { values: { 1: 'fault', 2: 'nothing', 3: 'low-battery', 4: 'nothing' } },
      },
      readings: { battery_value: { as: 'charge' } },
      ignored: ['smoke_value'],
    },
    'siterwell-gas': {
      source: 'gas',
      codes: {
        gas_sensor_state: { values: { 0: 'normal', 1: 'alarm', 2: 'alarm' } },
        error_code: {
          values: {
            0: 'nothing',
            1: 'fault',
            2: 'fault',
            3: 'nothing',
            4: 'fault',
            5: 'nothing',
            6: 'self-test',
            7: 'fault',
            8: 'nothing',
          },
        },
      },
      readings: { battery_value: { as: 'charge' }, temperature: { as: 'temperature' } },
      ignored: ['gas_value'],
    },
    // Our own payload through a platform that passes bytes on as they are.
    'steppewatch-batch': { contract: { field: 'APPdata' } },
  },
  products: [{ platform: 'ctwing', productId: '15014772', model: 'lian-smoke' }],
});
