import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { filterText } from '../../../../shared/event-text.ts';
import type { ClientInfo, FilterSpec } from '../../../../shared/protocol.ts';
import { formatBytes } from '../../../../shared/units.ts';
import type { Dashboard } from '../dashboard.ts';
import { formatCount, formatCountOf } from '../model/text.ts';
import { useStore } from './use-store.ts';
import { Visible } from './visible.tsx';

/** Who is connected, what each wants, and how far it has got. */
export function Clients({ dashboard }: { dashboard: Dashboard }) {
  const facts = useStore(dashboard.facts);
  const clients = facts?.clients ?? [];
  const connection = useStore(dashboard.connection);
  const own = connection.state === 'connected' ? connection.client : undefined;
  const [leaving, setLeaving] = useState<ClientInfo | undefined>(undefined);
  return (
    <section class="panel" aria-labelledby="clients-title">
      <h2 id="clients-title">
        Clients <span class="count">{clients.length > 0 && formatCount(clients.length)}</span>
      </h2>
      {clients.length > 0 && (
        <table class="facts">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">Client</span>
              </th>
              <th scope="col">delivered</th>
              <th scope="col">lag</th>
              <th scope="col">gaps</th>
              <th scope="col">
                <span class="unseen">Disconnect</span>
              </th>
            </tr>
          </thead>
          {clients.map((client) => (
            <Client
              key={client.id}
              client={client}
              isOwn={client.id === own}
              leave={() => setLeaving(client)}
            />
          ))}
        </table>
      )}
      {facts !== undefined && clients.every(({ id }) => id === own) && (
        <p class="empty">
          Nobody else is connected. Try <code>agent-cli tail</code>.
        </p>
      )}
      {leaving !== undefined && (
        <DisconnectDialog
          client={leaving}
          confirmed={() => void dashboard.disconnect(leaving.id)}
          closed={() => setLeaving(undefined)}
        />
      )}
    </section>
  );
}

interface ClientProps {
  readonly client: ClientInfo;
  /** Whether it is this page. */
  readonly isOwn: boolean;
  readonly leave: () => void;
}

function Client({ client, isOwn, leave }: ClientProps) {
  const { id, name, transport, address, filter, lag, delivered, gaps } = client;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup">
          <Visible text={name} /> <span class="facts-note">{id}</span>
        </th>
        <td>{formatCount(delivered)}</td>
        <td class={lag.events > 0 ? 'warning' : undefined}>
          {lag.events === 0 ? '0' : <abbr title={formatBytes(lag.bytes)}>{formatCount(lag.events)}</abbr>}
        </td>
        <td class={gaps > 0 ? 'warning' : undefined}>{formatCount(gaps)}</td>
        <td>
          {isOwn ? (
            <span class="facts-note facts-own">this page</span>
          ) : (
            <button type="button" class="quiet" aria-label={`Disconnect ${name} (${id})`} onClick={leave}>
              Disconnect
            </button>
          )}
        </td>
      </tr>
      <tr>
        <td class="facts-note" colSpan={5}>
          {transport} · <Visible text={address} /> · <Visible text={describeFilter(filter)} />
          {lag.events > 0 && (
            <>
              {' · '}
              <span class="warning">
                {formatCountOf(lag.events, 'event')}, {formatBytes(lag.bytes)} behind
              </span>
            </>
          )}
        </td>
      </tr>
    </tbody>
  );
}

/** What a client gets, in a few words. */
function describeFilter(filter: FilterSpec): string {
  const { topic = [] } = filter;
  return filterText(filter, topic.length === 0 || topic.includes('>') ? 'everything' : topic.join(' '));
}

interface DisconnectDialogProps {
  readonly client: ClientInfo;
  readonly confirmed: () => void;
  readonly closed: () => void;
}

function DisconnectDialog({ client: { id, name }, confirmed, closed }: DisconnectDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="disconnect-title"
      onClose={() => {
        if (dialog.current?.returnValue === 'disconnect') confirmed();
        closed();
      }}
    >
      <form method="dialog">
        <h2 id="disconnect-title">
          Disconnect <Visible text={name} /> ({id})?
        </h2>
        <p class="dialog-text">
          Its connection is closed with code 1008. Most clients take that as final and do not come back.
        </p>
        <div class="dialog-buttons">
          <button type="submit" value="keep">
            Keep it
          </button>
          <button type="submit" value="disconnect" class="danger">
            Disconnect
          </button>
        </div>
      </form>
    </dialog>
  );
}
