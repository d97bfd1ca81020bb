// The types that users of devagent/client get. It is never run: tsc reads it, against the sources and, by
// scripts/check-client.ts, against the declarations in the package.
import {
  type Agent,
  AgentAuthError,
  AgentError,
  type AgentEvent,
  AgentUnreachableError,
  type BroadcastAnswer,
  type Change,
  type ChangesAnswer,
  type ConnectedEvent,
  connect,
  type EventStream,
  type FileEvent,
  type FileRecord,
  type GapEvent,
  type LiveTree,
  type LostEvent,
  type MessageEvent,
  type RootFrame,
  type RootStatus,
  type SnapshotEvent,
  type Status,
  type SyncAnswer,
  Tree,
  type TreeChange,
} from 'devagent/client';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only where both are the same type. */
function same<A, B>(_proof: Same<A, B>): void {}

/** What a function comes to. */
type Result<F> = F extends (...args: never[]) => Promise<infer R> ? R : never;

same<Result<typeof connect>, Agent>(true);
same<Result<Agent['status']>, Status>(true);
same<Result<Agent['sync']>, SyncAnswer>(true);
same<Result<Agent['changes']>, ChangesAnswer>(true);
same<ChangesAnswer['reason'], 'epoch' | 'expired' | 'new' | 'limit' | null>(true);
same<Result<Agent['broadcast']>, BroadcastAnswer>(true);
same<Result<Agent['roots']['add']>, RootStatus>(true);
same<Result<Agent['close']>, void>(true);
same<ReturnType<Agent['tree']>, LiveTree>(true);
same<ReturnType<Agent['events']>, EventStream>(true);
same<
  AgentEvent,
  FileEvent | MessageEvent | GapEvent | RootFrame | SnapshotEvent | ConnectedEvent | LostEvent
>(true);
same<AgentEvent['type'], 'file' | 'message' | 'gap' | 'root' | 'snapshot' | 'connected' | 'lost'>(true);
same<GapEvent['reason'], 'expired' | 'epoch' | 'slow' | 'recrawl'>(true);
same<Change['event'], 'add' | 'change' | 'unlink' | 'addDir' | 'unlinkDir'>(true);
same<FileRecord['kind'], 'file' | 'dir' | 'symlink'>(true);
same<Status['roots'], RootStatus[]>(true);
same<RootStatus['degraded'], string | null>(true);
same<MessageEvent['data'], unknown>(true);
same<TreeChange['event'], 'add' | 'change' | 'unlink'>(true);
same<LiveTree['ended'], Promise<AgentError | undefined>>(true);

export async function use(signal: AbortSignal): Promise<void> {
  await connect();
  await connect({ socket: '/run/a.sock' });
  await connect({ instance: 'work', timeoutMs: 100 });
  // Variables that may be undefined fit, with exactOptionalPropertyTypes too.
  const maybe = undefined as string | undefined;
  const agent = await connect({ url: maybe, token: maybe, name: maybe, events: { topic: ['a.*', 'file'] } });
  // @ts-expect-error: no such option
  await connect({ port: 5520 });
  // @ts-expect-error: a cursor is a text
  agent.events({ since: 7 });

  for await (const event of agent.events({
    topic: 'a',
    match: ['**/*.ts'],
    since: maybe,
    snapshot: true,
    signal,
  })) {
    same<typeof event, AgentEvent>(true);
    switch (event.type) {
      case 'file':
        same<typeof event.changes, Change[]>(true);
        break;
      case 'message':
        same<typeof event.topic, string>(true);
        break;
      case 'gap':
        same<typeof event.missed, number | undefined>(true);
        break;
      case 'root':
        same<typeof event.watched, boolean>(true);
        break;
      case 'snapshot':
        same<typeof event.files, FileRecord[]>(true);
        same<typeof event.whole, boolean>(true);
        break;
      case 'connected':
        same<typeof event.roots, string[]>(true);
        break;
      case 'lost':
        same<typeof event.reason, string>(true);
        break;
      default:
        same<typeof event, never>(true);
    }
  }

  const off = agent.on('file', (event) => same<typeof event, FileEvent>(true));
  same<typeof off, () => void>(true);
  agent.on('message', (event) => same<typeof event, MessageEvent>(true));
  agent.on('connected', (event) => same<typeof event, ConnectedEvent>(true));
  agent.on('error', (error) => same<typeof error, AgentError>(true));
  // @ts-expect-error: no such event
  agent.on('files', () => {});

  for await (const record of agent.files({ root: '/w', match: '*.ts' }))
    same<typeof record, FileRecord>(true);
  await agent.broadcast({ ok: true }, { topic: 'build.done', key: 'k', wait: 1000, signal });
  // @ts-expect-error: how long is a number of milliseconds
  await agent.broadcast('x', { wait: '1s' });

  const tree = agent.tree({ root: '/w', match: '**/*.ts' });
  tree.on('change', (changes) => same<typeof changes, readonly TreeChange[]>(true));
  same<ReturnType<typeof tree.files>, ReadonlyMap<string, FileRecord>>(true);
  for (const entry of tree) same<typeof entry, [root: string, record: FileRecord]>(true);
  await tree[Symbol.asyncDispose]();
  new Tree().apply({ type: 'lost', reason: '' });

  try {
    await agent.sync({ timeoutMs: 100 });
  } catch (error) {
    if (error instanceof AgentAuthError || error instanceof AgentUnreachableError) throw error;
    if (error instanceof AgentError) {
      same<typeof error.code, string>(true);
      same<NonNullable<typeof error.problem>['status'], number>(true);
    }
  }
  await agent[Symbol.asyncDispose]();
}
