import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts, type System, startSystem, temporaryFolder } from '../bench/system.ts';
import { access, openAliyun } from '../responders/channels/aliyun-peer.test-support.ts';
import { openCenter } from '../responders/channels/smpp/smpp-peer.test-support.ts';
import { type TemplateName, templateNames, templates, variablesOf } from '../responders/texts/templates.ts';

const token = 'p'.repeat(32);

/**
 * The providers of a county on loopback and the system in front of them: texts by Aliyun, five of one template to one number in a day, then
 * by an SMPP centre; calls by Aliyun.
 */
export async function startCounty() {
  const codes = (prefix: string) => templateNames.map((name, at) => [name, `${prefix}_${1_000 + at}`] as const);
  const known = (prefix: string) =>
    Object.fromEntries(codes(prefix).map(([name, code]) => [code, variablesOf(templates[name]['zh-CN'])]));
  const [texts, calls, center] = await Promise.all([
    openAliyun(known('SMS')),
    openAliyun({}, known('TTS')),
    openCenter(),
  ]);
  const temporary = temporaryFolder('providers');
  const [port = 0] = await freePorts(1);
  const secretIn = (name: string, secret: string): string => {
    writeFileSync(join(temporary.folder, name), `${secret}\n`);
    return join(temporary.folder, name);
  };
  const account = { accessKeyId: access.accessKeyId, accessKeySecretFile: secretIn('key', access.accessKeySecret) };
  const push = { tokenFile: secretIn('token', token) };
  const centerAccount = { systemId: 'county', passwordFile: secretIn('password', 'secret') };
  const windows = [{ per: 'target-and-template', count: 5, perMs: 24 * 3_600_000 }];
  const file = join(temporary.folder, 'providers.yaml');
  const providers = [
    {
      ...{ id: 'texts', type: 'aliyun-sms', ...account, endpoint: texts.url, signName: '守护草原', push, windows },
      templates: Object.fromEntries(codes('SMS')),
    },
    { id: 'county', type: 'smpp', host: '127.0.0.1', port: center.port, ...centerAccount },
    {
      ...{ id: 'calls', type: 'aliyun-voice', ...account, endpoint: calls.url, calledShowNumber: '04795112349', push },
      templates: Object.fromEntries(codes('TTS')),
    },
  ];
  writeFileSync(file, stringify(providers));
  const environment = { STEPPEWATCH_PROVIDERS: file, STEPPEWATCH_PUSHES_PORT: String(port) };
  const start = (): Promise<System> => startSystem({ dataFolder: join(temporary.folder, 'data'), environment });
  const named = (code: string): TemplateName | undefined => templateNames[Number(code.split('_')[1]) - 1_000];

  return {
    ...{ texts, calls, center, start },
    /** What Aliyun was asked to send to that number, whatever it answered. */
    textsTo: (phone: string) =>
      texts.got.flatMap(({ url: { searchParams: asked } }) => {
        if (asked.get('PhoneNumbers') !== phone) return [];
        const variables: Record<string, string> = JSON.parse(asked.get('TemplateParam') ?? '{}');
        return [{ template: named(asked.get('TemplateCode') ?? ''), variables, id: asked.get('OutId') }];
      }),
    /** What the centre was given for that number, as its telephone shows it. */
    centerTextsTo: (phone: string): string[] => {
      const messages = new Map<unknown, string>();
      for (const { command, destination_addr, short_message, sequence_number } of center.got) {
        if (command !== 'submit_sm' || destination_addr !== phone) continue;
        const { message, udh } = short_message as { message: string; udh?: Buffer[] };
        const key = udh?.[0] ? `parts ${udh[0][2]}` : sequence_number;
        messages.set(key, `${messages.get(key) ?? ''}${message}`);
      }
      return [...messages.values()];
    },
    /** Under which name of its own Aliyun calls that number. */
    callsTo: (phone: string) => {
      const made = calls.got.filter(({ headers }) => !String(headers['x-acs-action']).startsWith('Query'));
      return made.flatMap(({ url: { searchParams: asked }, headers }, at) =>
        asked.get('CalledNumber') === phone
          ? [
              {
                ...{ callId: `call^${at + 1}`, action: headers['x-acs-action'] },
                template: named(asked.get('StartCode') ?? asked.get('TtsCode') ?? ''),
              },
            ]
          : [],
      );
    },
    /** Aliyun's push; answers with the status. */
    async push(id: 'texts' | 'calls', item: object): Promise<number> {
      const request = { method: 'POST', body: JSON.stringify([item]), signal: AbortSignal.timeout(5_000) };
      return (await fetch(`http://127.0.0.1:${port}/${id}/${token}`, request)).status;
    },
    /** Somebody writes to the centre's number. */
    write: (phone: string, text: string): void => {
      const message = { source_addr: phone, destination_addr: '106', short_message: text, data_coding: 8 };
      center.sessions.at(-1)?.deliver_sm(message);
    },
    async end(): Promise<void> {
      texts.end();
      calls.end();
      await center.stop();
      temporary.remove();
    },
  };
}
