// Watched roots, as people read them.
import { countOf, type RootStatus, visibleText } from '../../shared/index.ts';
import type { Page } from '../screen/index.ts';
import { tableLines, wrapLine } from '../screen/index.ts';

function rootState(root: RootStatus): string {
  if (!root.ready) return 'crawling';
  return root.degraded === null ? 'ready' : 'degraded';
}

/** Why a root is watched less well than it could be, in a sentence; undefined when all is well. */
export function describeDegraded(root: RootStatus): string | undefined {
  return root.degraded === null ? undefined : `${root.path} is degraded: ${root.degraded}`;
}

/** What is watched for clients that see ignored files, too, in a sentence; undefined for nothing. */
function describeInterests({ path, interests }: RootStatus): string | undefined {
  // An agent of an earlier version has none.
  if (interests === undefined || (interests.clients === 0 && interests.files === 0)) return undefined;
  const { clients, files, watches, paths } = interests;
  const named = paths.length === 0 ? '' : ` (${paths.join(', ')})`;
  const whose = clients === 0 ? 'clients that have left' : countOf(clients, 'client');
  return `${path} has ignored files for ${whose}: ${countOf(files, 'file')}, ${countOf(watches, 'watch', 'watches')}${named}`;
}

/** Some roots, with what is known of each. */
export function describeRoots(roots: readonly RootStatus[], page: Page): string[] {
  const right = { align: 'right' } as const;
  const rows = roots.map((root) => [
    root.path,
    rootState(root),
    root.backend,
    ...[root.files, root.dirs, root.watches, root.recrawls].map(String),
  ]);
  const table = tableLines(
    ['root', 'state', 'backend', 'files', 'dirs', 'watches', 'recrawls'],
    rows,
    [{}, {}, {}, right, right, right, right],
    page,
  );
  const reasons = roots
    .map(describeDegraded)
    .filter((reason) => reason !== undefined)
    .flatMap((reason) => wrapLine(page.colors.yellow(visibleText(reason)), page.columns, 2));
  const interests = roots
    .map(describeInterests)
    .filter((line) => line !== undefined)
    .flatMap((line) => wrapLine(visibleText(line), page.columns, 2));
  return [...table, ...interests, ...reasons];
}
