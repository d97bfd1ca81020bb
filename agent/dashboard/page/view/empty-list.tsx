import type { Dashboard } from '../dashboard.ts';
import { everything } from '../model/line-filter.ts';
import { formatCountOf } from '../model/text.ts';
import { Visible } from './visible.tsx';

/** What stands where there are no lines: why, and what to do. */
export function EmptyList({
  dashboard,
  roots,
}: {
  dashboard: Dashboard;
  roots: readonly string[] | undefined;
}) {
  const { feed } = dashboard;
  if (feed.keptCount > 0) {
    return (
      <div class="empty">
        <p>None of the last {formatCountOf(feed.keptCount, 'line')} matches.</p>
        <button type="button" onClick={() => dashboard.setFilter(everything)}>
          Show all
        </button>
      </div>
    );
  }
  // Nothing is known yet.
  if (roots === undefined) return null;
  const [root] = roots;
  return (
    <div class="empty">
      {root === undefined ? (
        <p>
          Nothing is watched yet: run <code>agent-cli watch DIR</code>, or send a message below.
        </p>
      ) : (
        <p>
          No changes yet: save a file under{' '}
          <code>
            <Visible text={root} />
          </code>
          , or send a message below.
        </p>
      )}
    </div>
  );
}
