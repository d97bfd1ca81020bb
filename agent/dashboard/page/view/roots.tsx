import type { RootStatus } from '../../../../shared/protocol.ts';
import type { Dashboard } from '../dashboard.ts';
import { formatCount, formatCountOf, splitPath } from '../model/text.ts';
import { useStore } from './use-store.ts';
import { Visible } from './visible.tsx';

/** What is watched, and how well. */
export function Roots({ dashboard }: { dashboard: Dashboard }) {
  const roots = useStore(dashboard.facts)?.status.roots;
  return (
    <section class="panel" aria-labelledby="roots-title">
      <h2 id="roots-title">Roots</h2>
      {roots?.length === 0 && (
        <p class="empty">
          Nothing is watched: run <code>agent-cli watch DIR</code>.
        </p>
      )}
      {roots !== undefined && roots.length > 0 && (
        <table class="facts">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">Root</span>
              </th>
              <th scope="col">files</th>
              <th scope="col">dirs</th>
              <th scope="col">watches</th>
              <th scope="col">recrawls</th>
            </tr>
          </thead>
          {roots.map((root) => (
            <Root key={root.path} root={root} />
          ))}
        </table>
      )}
    </section>
  );
}

function Root({ root }: { root: RootStatus }) {
  const { path, backend, ready, files, dirs, watches, recrawls, auditFindings, degraded } = root;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup">
          <Visible text={splitPath(path).name} />
        </th>
        <td>{formatCount(files)}</td>
        <td>{formatCount(dirs)}</td>
        <td>{formatCount(watches)}</td>
        <td>{formatCount(recrawls)}</td>
      </tr>
      <tr>
        <td class="facts-note" colSpan={5}>
          {ready ? backend : 'crawling…'} · <Visible text={path} />
        </td>
      </tr>
      {(degraded !== null || auditFindings > 0) && (
        <tr>
          <td class="trouble" colSpan={5}>
            {degraded !== null && (
              <p>
                <strong>Degraded</strong> <Visible text={degraded} />
              </p>
            )}
            {auditFindings > 0 && (
              <p>{formatCountOf(auditFindings, 'change')} that only the audit found: the log says which</p>
            )}
          </td>
        </tr>
      )}
    </tbody>
  );
}
