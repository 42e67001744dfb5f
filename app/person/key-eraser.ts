import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Vault } from '../../platform/vault.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { abandonedOwners, textsOf } from '../../records/sealing.ts';

/**
 * Destroys the keys of those who left the registry, or of whom it holds nothing personal any more: nothing that was sealed for them
 * can be opened again, wherever a copy of it is. Whoever is there again, or is staged for an import, keeps the key. A disk that
 * refuses the keys is asked again until it takes them: that one was erased must not keep others from being heard.
 */
export function keyEraser({ vault, registry, clock, log, metrics, tell }: EraserParts) {
  /** Who left before this start, as far as there is a key of theirs. */
  const gone = new Set<string>();
  let cancelRetry: (() => void) | undefined;
  let isRefused = false;

  function destroy(owners: string[]): void {
    for (const owner of owners) vault.destroy(owner);
    if (owners.length > 0) write();
  }
  function write(): void {
    vault.flush().then(
      () => {
        if (isRefused) {
          log.info({}, 'the disk takes the keys again');
          tell({ isWritten: true });
        }
        isRefused = false;
        metrics.keysUndestroyed.set(0);
      },
      (error) => {
        if (!isRefused) {
          log.error(
            { err: error },
            'the disk does not take the keys, new ones or that some are destroyed: it is tried again',
          );
          tell({ isWritten: false });
        }
        isRefused = true;
        metrics.keysUndestroyed.set(1);
        cancelRetry ??= clock.after(retryMs, writeAgain);
      },
    );
  }
  function writeAgain(): void {
    cancelRetry = undefined;
    write();
  }
  return {
    forget(keys: readonly string[]): void {
      destroy(abandonedOwners(keys.flatMap(ownersOf), registry));
    },
    /** They left in what is read again; the last process may have died before their keys were destroyed. */
    leftBefore(keys: readonly string[]): void {
      for (const owner of keys.flatMap(ownersOf)) if (vault.isKept(owner)) gone.add(owner);
    },
    /** All of the past is known: what it left is destroyed. `everybody`: no command is under way that may need a key of nobody. */
    sweep({ everybody }: { everybody: boolean }): void {
      destroy(abandonedOwners(everybody ? new Set([...gone, ...vault.owners()]) : gone, registry));
      gone.clear();
    },
    /** New keys were refused: they are tried again, too. `isTold`: that the disk refuses them was told before. */
    retry({ isTold = false }: { isTold?: boolean } = {}): void {
      isRefused ||= isTold;
      write();
    },
    stop: () => cancelRetry?.(),
  };
}
type EraserParts = {
  vault: Vault;
  registry: Registry;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Hears when the disk of the keys begins to refuse them, and when it takes them again. */
  tell: (now: { isWritten: boolean }) => void;
};

const ownersOf = (key: string): string[] => [key, textsOf(key)];
const retryMs = 30_000;
