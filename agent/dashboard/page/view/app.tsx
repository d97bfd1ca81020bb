import { useEffect } from 'preact/hooks';
import type { Connection, Dashboard } from '../dashboard.ts';
import { Clients } from './clients.tsx';
import { EventPanel } from './event-panel.tsx';
import { Header } from './header.tsx';
import { Roots } from './roots.tsx';
import { Tiles } from './tiles.tsx';
import { useRoots } from './use-roots.ts';
import { useStore } from './use-store.ts';
import { Visible } from './visible.tsx';

/** The whole page. */
export function App({ dashboard }: { dashboard: Dashboard }) {
  const connection = useStore(dashboard.connection);
  const { paths, labels } = useRoots(dashboard);
  const names = paths?.map((path) => labels?.get(path) ?? path).join(', ') ?? '';
  useEffect(() => {
    document.title = names === '' ? 'devagent' : `${names} · devagent`;
  }, [names]);
  return (
    <div class="app">
      <Header dashboard={dashboard} />
      <Ending connection={connection} />
      <main>
        <Tiles dashboard={dashboard} />
        <div class="columns">
          <EventPanel dashboard={dashboard} />
          <div class="side">
            <Roots dashboard={dashboard} />
            <Clients dashboard={dashboard} />
          </div>
        </div>
      </main>
    </div>
  );
}

/** What to do when it does not go on by itself. */
function Ending({ connection }: { connection: Connection }) {
  if (connection.state === 'shut out') {
    return (
      <div class="ending" role="alert">
        <p>
          This session is over. Run <code>agent-cli url --open</code> in a terminal for a new one.
        </p>
        <ReloadButton />
      </div>
    );
  }
  if (connection.state !== 'ended') return null;
  return (
    <div class="ending" role="alert">
      <p>
        This page gets nothing any more: <Visible text={connection.reason} />
      </p>
      <ReloadButton />
    </div>
  );
}

function ReloadButton() {
  return (
    <button type="button" onClick={() => location.reload()}>
      Try again
    </button>
  );
}
