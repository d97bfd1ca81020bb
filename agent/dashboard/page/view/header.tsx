import { formatBytes, formatDuration } from '../../../../shared/units.ts';
import type { Connection, Dashboard } from '../dashboard.ts';
import { useStore } from './use-store.ts';
import { Visible } from './visible.tsx';

const words: Readonly<Record<Connection['state'], string>> = {
  connecting: 'connecting…',
  connected: 'connected',
  reconnecting: 'reconnecting…',
  'shut out': 'session over',
  ended: 'ended',
};

/** Which agent this is, and whether it is there. */
export function Header({ dashboard }: { dashboard: Dashboard }) {
  const connection = useStore(dashboard.connection);
  const status = useStore(dashboard.facts)?.status;
  const isThere = connection.state === 'connected';
  return (
    <header class="header">
      <h1>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M1 9.5h3.2L6.4 2.5l2.6 11 2-6.5.8 2.5H15" />
        </svg>
        devagent
      </h1>
      <p class={isThere ? 'state is-there' : 'state'} role="status">
        <span class="dot" aria-hidden="true" />
        {words[connection.state]}
        {'reason' in connection && (
          <span class="state-reason">
            <Visible text={connection.reason} />
          </span>
        )}
      </p>
      {status !== undefined && (
        <dl class={isThere ? 'agent-facts' : 'agent-facts is-old'}>
          <div>
            <dt>at</dt>
            <dd>{location.host}</dd>
          </div>
          <div>
            <dt>version</dt>
            <dd>{status.version}</dd>
          </div>
          <div>
            <dt>up</dt>
            <dd>{formatDuration(status.uptimeMs)}</dd>
          </div>
          <div>
            <dt>memory</dt>
            <dd>{formatBytes(status.memory.rssBytes)}</dd>
          </div>
          <div>
            <dt>pid</dt>
            <dd>{status.pid}</dd>
          </div>
        </dl>
      )}
    </header>
  );
}
