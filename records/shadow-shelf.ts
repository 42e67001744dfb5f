import type { Alert, ShadowWord } from './alert.ts';
import type { FoldState } from './fold-state.ts';

/** An alert that nobody was told of, because the setting under which it was raised is only tried. `at`: epoch ms. */
export type ShadowAlert = { settingId: string; at: number; alert: Alert };

/** What settings that are only tried have raised, the oldest first. Bound: `mostShadowAlerts`; the oldest makes room. */
export function createShadowShelf(state: FoldState) {
  const rows = state.table<ShadowAlert>('shadow-alerts');
  return {
    put({ settingId, at, change }: ShadowWord): void {
      if (change.type !== 'raise') return;
      const key = `${settingId} ${change.alert.alertId}`;
      const [oldest] = rows.keys();
      if (rows.size >= mostShadowAlerts && !rows.has(key) && oldest !== undefined) rows.delete(oldest);
      rows.set(key, { settingId, at, alert: change.alert });
    },
    all: (): ShadowAlert[] => [...rows.values()],
  };
}

export type ShadowShelf = ReturnType<typeof createShadowShelf>;

const mostShadowAlerts = 1_000;
