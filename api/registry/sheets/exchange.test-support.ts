import writeExcelFile, { type SheetData } from 'write-excel-file/node';
import type { RegistryChange } from '../../../records/registry.ts';
import { ask, openDesk, signedIn, standInAlarm } from '../../desk.test-support.ts';
import { ofCounty, staffedCounty } from '../../rights/rights.test-support.ts';
import { readWorkbook } from './workbook.ts';

export const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
export const admin = ofCounty('data-admin');

/** A desk over HTTP, as whoever sends and fetches sheets sees it. Whoever opens it closes it. */
export async function exchangeDesk(changes: RegistryChange[] = staffedCounty) {
  const alarm = standInAlarm({ changes });
  const opened = await openDesk(alarm);
  return {
    ...{ alarm, close: opened.close },
    async as(account: string) {
      const { cookie } = await signedIn(opened, account);
      let count = 0;
      const upload = (
        path: string,
        body: Uint8Array | string,
        headers: Record<string, string> = {},
        more: RequestInit = {},
      ) =>
        fetch(`${opened.address.url}/api/v1/registry/import${path}`, {
          ...{ method: 'POST', body: body as string, ...more },
          headers: { cookie, 'x-steppewatch': '1', 'idempotency-key': `import-${account}-${++count}`, ...headers },
        });
      return {
        sheets: (path: string, book: Uint8Array, accept = '*/*') =>
          upload(path, book, { 'content-type': xlsx, accept }),
        csv: (path: string, text: Uint8Array | string) => upload(path, text, { 'content-type': 'text/csv' }),
        upload,
        get: (path: string) => ask(opened, 'GET', path, { cookie }),
        async download(path: string) {
          const response = await ask(opened, 'GET', `/registry/export${path}`, { cookie });
          if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
          return new Uint8Array(await response.arrayBuffer());
        },
      };
    },
  };
}

/** A workbook as somebody fills it in by hand: Chinese headings alone, numbers that are numbers, days that are days. */
export const book = (sheets: Record<string, SheetData>): Promise<Buffer> =>
  writeExcelFile(Object.entries(sheets).map(([sheet, data]) => ({ sheet, data }))).toBuffer();

export const tablesIn = async (bytes: Uint8Array) => {
  const tables = await readWorkbook(bytes);
  if ('problem' in tables) throw new Error(tables.problem);
  return tables;
};
