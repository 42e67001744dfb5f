import { answerOf, end, median, prepare, type Setting, serve, startLoad } from './connect.ts';
import type { Bench } from './run.ts';
import type { TlsServer } from './tls-server.ts';

const connections = Number(process.env.BENCH_CONNECTIONS ?? 10_000);
const pairs = 3;

/**
 * [idle-memory]: resident bytes for each of 10,000 idle connections of the whole broker over those of bare aedes, each in a fresh
 * process, after full collections. The figure is the median of three pairs without TLS; with TLS it has a name of its own.
 * Bound: at most 1.25.
 */
export const run: Bench = async (report) => {
  const setting = await prepare(connections);
  for (const secure of [false, true]) {
    const results: { bare: number; whole: number }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const order = pair % 2 === 0 ? (['bare', 'whole'] as const) : (['whole', 'bare'] as const);
      const bytes = { bare: 0, whole: 0 };
      for (const role of order) bytes[role] = await bytesPerConnection(setting, role, secure);
      results.push(bytes);
    }
    const name = secure ? 'idle-memory-tls' : 'idle-memory';
    report(name, median(results.map(({ bare, whole }) => whole / bare)), 'x');
    report(`${name}-bytes`, Math.round(median(results.map(({ whole }) => whole))), 'bytes');
    report(`${name}-bare-bytes`, Math.round(median(results.map(({ bare }) => bare))), 'bytes');
  }
};

async function bytesPerConnection(setting: Setting, role: TlsServer['role'], secure: boolean): Promise<number> {
  const { child, port } = await serve(setting, role, secure);
  const memory = () => {
    child.send('memory');
    return answerOf(child);
  };
  const before = await memory();
  const load = startLoad({ ...setting, port, secure, mode: 'held', atOnce: 64, warmupMs: 0, measuredMs: 0 });
  await load.answer;
  const after = await memory();
  await end(load.child);
  await end(child);
  return (after - before) / connections;
}
