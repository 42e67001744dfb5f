import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DutyView } from '../incidents/duty-view.ts';
import { accessOf, isInSight, type Rights } from '../rights/rights.ts';

/** What rule settings of the mode `shadow` would have raised. By ids: names are the registry's. Source: docs/backtest.md */
export const shadowRoutes: FastifyPluginAsyncZod<ShadowParts> = async (api, { rights, view }) => {
  const schema = {
    ...{ summary: 'What settings that are only tried would have raised, the newest first', tags: ['registry'] },
    ...{ querystring: asked, response: { 200: shadowAlerts } },
  };
  api.get('/shadow-alerts', { config: { permission: 'registry:read' }, schema }, async (request) => {
    const { settingId } = request.query;
    const seen = rights.seen(accessOf(request), 'registry:read');
    const inSight = view.shadowAlerts().filter((one) => {
      return (settingId === undefined || one.settingId === settingId) && isInSight(seen, one.alert.where.areaId);
    });
    return {
      alerts: inSight.toReversed().map(({ settingId, at, alert: { alertId, rule, condition, severity, where } }) => {
        const { householdId, placeId, personId, deviceId } = where;
        return { settingId, at, alertId, rule, condition, severity, householdId, placeId, personId, deviceId };
      }),
    };
  });
};

export type ShadowParts = { rights: Rights; view: Pick<DutyView, 'shadowAlerts'> };

const id = z.string();
const asked = z.object({ settingId: z.string().min(1).max(64).optional() });
const shadowAlerts = z
  .object({
    alerts: z.array(
      z.object({
        ...{ settingId: id, at: z.int(), alertId: id, rule: z.string(), condition: z.string(), severity: z.string() },
        ...{ householdId: id.optional(), placeId: id.optional(), personId: id.optional(), deviceId: id.optional() },
      }),
    ),
  })
  .meta({
    examples: [
      {
        alerts: [
          {
            ...{ settingId: 's-early', at: 1_795_413_600_000, alertId: 'inactivity:h-01:1795400000000' },
            ...{ rule: 'inactivity', condition: 'inactivity', severity: 'urgent', householdId: 'h-01' },
          },
        ],
      },
    ],
  });
