import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Chance } from '../../platform/random.ts';
import type { Channel } from '../../responders/channel.ts';
import { createAliyunSmsChannel } from '../../responders/channels/aliyun-sms.ts';
import { createAliyunVoiceChannel } from '../../responders/channels/aliyun-voice.ts';
import { createDingTalkChannel } from '../../responders/channels/dingtalk.ts';
import { createEmailChannel } from '../../responders/channels/email.ts';
import { createFeishuChannel } from '../../responders/channels/feishu.ts';
import { createGuardedPost } from '../../responders/channels/guarded-post.ts';
import { createModemChannel } from '../../responders/channels/modem/modem.ts';
import { ModemLine } from '../../responders/channels/modem/modem-line.ts';
import { createModemRingChannel } from '../../responders/channels/modem/modem-ring.ts';
import type { PushSettings } from '../../responders/channels/push-settings.ts';
import type { PushTaker } from '../../responders/channels/pushes.ts';
import { createSmppChannel } from '../../responders/channels/smpp/smpp.ts';
import { createTencentSmsChannel } from '../../responders/channels/tencent-sms.ts';
import { createWeComChannel } from '../../responders/channels/wecom.ts';
import type { Provider } from './provider-file.ts';

/**
 * The channels of providers and chat rooms; who of them takes pushes, and by which token. A modem that rings uses the line of the one that
 * writes, which closes it.
 */
export function openProviderChannels(providers: readonly Provider[], ports: ProviderPorts) {
  const { allowPrivate, ...own } = ports;
  const post = createGuardedPost({ clock: ports.clock, allowPrivate });
  const cloud = { ...own, post };
  const lines = new Map(
    providers.flatMap(({ id, type, settings }) => (type === 'modem' ? [[id, new ModemLine(settings, own)]] : [])),
  );
  const pushes = new Map<string, PushSettings & { taker: PushTaker }>();
  function pushable<C extends Channel & PushTaker>(id: string, push: PushSettings | undefined, channel: C): C {
    if (push) pushes.set(id, { ...push, taker: channel });
    return channel;
  }
  function channelOf({ id, type, settings }: Provider): Channel | undefined {
    switch (type) {
      case 'modem': {
        const line = lines.get(id);
        return line && createModemChannel({ id }, { ...own, line });
      }
      case 'modem-ring': {
        const line = lines.get(settings.modem);
        return line && createModemRingChannel({ ...settings, id }, { ...own, line });
      }
      case 'aliyun-sms':
        return pushable(id, settings.push, createAliyunSmsChannel({ ...settings, id }, cloud));
      case 'aliyun-voice':
        return pushable(id, settings.push, createAliyunVoiceChannel({ ...settings, id }, cloud));
      case 'tencent-sms':
        return createTencentSmsChannel({ ...settings, id }, cloud);
      case 'smpp':
        return createSmppChannel({ ...settings, id }, own);
      case 'smtp':
        return createEmailChannel({ ...settings, id });
    }
  }
  const carried = providers.flatMap((provider) => channelOf(provider) ?? []);
  const rooms = [createDingTalkChannel(cloud), createWeComChannel(cloud), createFeishuChannel(cloud)];
  const channels = [...carried, ...rooms];
  return {
    channels,
    pushes: pushes as ReadonlyMap<string, PushSettings & { taker: PushTaker }>,
    async close(): Promise<void> {
      await Promise.all(channels.map((channel) => channel.close?.()));
      post.close();
    },
  };
}

export type ProviderChannels = ReturnType<typeof openProviderChannels>;
export type ProviderPorts = { clock: Clock; chance: Chance; log: Log; allowPrivate: boolean };
