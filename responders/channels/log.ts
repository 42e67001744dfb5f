import type { Log } from '../../platform/log.ts';
import type { Channel } from '../channel.ts';

/** Says in the log that a notice was due, without the names, places or addresses in it: for the desk, and for trying things out. */
export function createLogChannel({ log }: { log: Log }): Channel {
  return {
    name: 'log',
    async send({ notice: { noticeId, incidentId, purpose, severity, text } }) {
      log.info(
        { noticeId, incidentId, purpose, severity, condition: text.condition, code: text.incidentCode },
        'notice',
      );
      return { type: 'delivered' };
    },
  };
}
