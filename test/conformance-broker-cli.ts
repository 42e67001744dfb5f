import { parseArgs } from 'node:util';
import { startConformanceBroker } from './conformance-broker.ts';

// For suites that ask a broker for all of MQTT 3.1.1; see docs/mqtt.md.

const { values } = parseArgs({ options: { port: { type: 'string', default: '1884' }, login: { type: 'string' } } });
const broker = await startConformanceBroker({ port: Number(values.port), login: values.login });
const { host, port } = broker.address();
console.log(`MQTT 3.1.1 with open rights on ${host}:${port}; end it with Ctrl-C`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void broker.close());
