import { expect, test } from 'vitest';
import { exampleReport } from './examples.ts';
import { quantitiesOf, readingsOf } from './readings.ts';

test('a heartbeat gives each quantity with the unit of the contract', () => {
  const readings = readingsOf({ name: 'status', v: 1, boot: 1, seq: 1, battery: 2.9, rsrp: -104, firmware: '1.4.2' });
  expect(readings).toEqual([
    { quantity: 'battery', value: 2.9, unit: 'V' },
    { quantity: 'rsrp', value: -104, unit: 'dBm' },
  ]);
});

test('counters, waveforms and words are no readings', () => {
  expect(readingsOf(exampleReport('motion'))).toEqual([]);
  expect(readingsOf(exampleReport('fall'))).toEqual([]);
  expect(quantitiesOf('alarm').map(({ quantity, unit }) => `${quantity} ${unit}`)).toEqual([
    'obscuration dB/m',
    'temperature °C',
    'co ppm',
    'gas %LEL',
  ]);
});
