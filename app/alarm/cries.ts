import { type AlertChange, lifeSafetyConditions } from '../../records/alert.ts';

/**
 * What devices cry while nothing can be written, so that one cry is told once, however often it is sent. A cry is of one device and
 * about one condition. As in the rules, what is said within ten minutes of its last word is of it, and so is what was said before:
 * a device sends again and again what nobody acknowledges.
 * Units: epoch ms. Bound: `mostCries`; of the oldest it is told again.
 */
export class Cries {
  /** When each was last said; what was heard last stands last. */
  readonly #saidAt = new Map<string, number>();

  /** Whether people have to be told of what these changes say. Where nothing is raised the notices' own ids tell what is new. */
  isNews(changes: readonly AlertChange[]): boolean {
    const raised = changes.flatMap((change) =>
      change.type === 'raise' && lifeSafetyConditions.has(change.alert.condition) ? change.alert : [],
    );
    const news = raised.filter(({ where, condition, occurredAt }) =>
      this.#hear(`${where.deviceId} ${condition}`, occurredAt),
    );
    return raised.length === 0 || news.length > 0;
  }

  clear(): void {
    this.#saidAt.clear();
  }

  #hear(cry: string, saidAt: number): boolean {
    const lastAt = this.#saidAt.get(cry) ?? Number.NEGATIVE_INFINITY;
    this.#saidAt.delete(cry);
    this.#saidAt.set(cry, Math.max(saidAt, lastAt));
    const [oldest] = this.#saidAt.keys();
    if (this.#saidAt.size > mostCries && oldest !== undefined) this.#saidAt.delete(oldest);
    return saidAt - lastAt > sameCryMs;
  }
}

/** As long as `sameAlarmMs` of the rules. */
const sameCryMs = 10 * 60_000;
const mostCries = 10_000;
