import { useMemo } from 'preact/hooks';
import type { Dashboard } from '../dashboard.ts';
import { rootLabels } from '../model/text.ts';
import { useStore } from './use-store.ts';

/** The watched roots, and what each is called; the same object until they change. */
export function useRoots(dashboard: Dashboard): {
  /** Undefined as long as nobody has said. */
  readonly paths: readonly string[] | undefined;
  /** Undefined where there is but one, which needs no name. */
  readonly labels: ReadonlyMap<string, string> | undefined;
} {
  const facts = useStore(dashboard.facts);
  const paths = facts?.status.roots.map(({ path }) => path);
  return useMemo(
    () => ({ paths, labels: paths !== undefined && paths.length > 1 ? rootLabels(paths) : undefined }),
    [paths?.join('\0')],
  );
}
