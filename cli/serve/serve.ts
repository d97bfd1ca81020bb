import { networkInterfaces } from 'node:os';
import { visibleText } from '../../shared/index.ts';
import { type Reload, ReloadBatches } from '../../shared/livereload/index.ts';
import type { CommandContext } from '../line/index.ts';
import { LinkWatch, targetOf } from '../paths/index.ts';
import { showInBrowser } from '../screen/index.ts';
import { agentReviver, ensureAgent, isDirectory } from '../start/index.ts';
import { FollowedFolder, watchFolder } from './followed-folder.ts';
import type { ListeningPlace } from './listen.ts';
import { FolderServer, type FolderServerOptions } from './server.ts';

/** What `serve` was asked for. */
export interface ServeWish extends Omit<FolderServerOptions, 'staysAsItIs'> {
  /** The folder as it was named: absolute, links not followed. */
  readonly path: string;
  readonly open: boolean;
  /** Whether pages reload for what ignore rules leave out, too. */
  readonly ignored: boolean;
  readonly noStart: boolean;
}

const wholePage: Reload = { command: 'reload', path: '/', liveCSS: false, liveImg: false };

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

/** The addresses by which other machines reach one that listens on all of its own. */
function networkAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

/**
 * Serves a folder, and has its pages reload when the agent tells of changes, until the process ends.
 * @throws CliError when the port is taken or there is no agent
 */
export async function serveFolder(context: CommandContext, wish: ServeWish): Promise<never> {
  const server = new FolderServer({
    ...wish,
    staysAsItIs: (path, why) => context.output.note(`${path} will not reload by itself: ${why}`),
  });
  // Before an agent is started: without a port there is nothing to start one for.
  const place = await server.listen();
  try {
    return await serveAt(place, server, context, wish);
  } finally {
    server.close();
  }
}

async function serveAt(
  { port, isForeignLocalhost }: ListeningPlace,
  server: FolderServer,
  context: CommandContext,
  wish: ServeWish,
): Promise<never> {
  const { output, json } = context;
  const { root, host, noStart } = wish;
  const status = await ensureAgent(context, { noStart, roots: [root] });
  await watchFolder(context, status, root);

  const isWildcard = host === '0.0.0.0' || host === '::';
  const url = urlOf(isWildcard ? '127.0.0.1' : host, port);
  if (json) output.json(JSON.stringify({ url, root }));
  else output.result(`serving ${visibleText(root)} at ${url}`);
  if (isForeignLocalhost)
    output.note(`localhost:${port} is another program's, at [::1]: use ${url}, or choose another --port`);
  if (isWildcard)
    for (const address of networkAddresses())
      output.note(`other machines reach it at ${urlOf(address, port)}`);
  if (wish.open) void showInBrowser(url, output);

  return followFolder(server, context, wish);
}

/** Follows the folder, and the next one whenever a link to it is turned. */
async function followFolder(
  server: FolderServer,
  context: CommandContext,
  { path, root, ignored, noStart }: ServeWish,
): Promise<never> {
  const batches = new ReloadBatches((reloads) => server.reload(reloads));
  const events = { batches, alert: (data: unknown) => server.alert(data) };
  const revive = agentReviver(context, { noStart });
  let target = root;
  let folder = new FollowedFolder(context, { path: root, ignored }, events, revive);
  for (;;) {
    const links = path === root ? [] : [{ path, shown: path, target }];
    const watch = new LinkWatch(links, () => folder.stop());
    try {
      await folder.run();
    } finally {
      watch.stop();
    }
    target = targetOf(path) ?? target;
    // Pages load from the new folder at once, and again once it is followed: it may have changed in between.
    const loadAnew = () => server.reload([wholePage]);
    if (isDirectory(target)) {
      server.turnTo(target);
      context.output.note(`${path} leads to ${target} now`);
      loadAnew();
    }
    folder = new FollowedFolder(
      context,
      { path: server.root, ignored },
      { ...events, following: loadAnew },
      revive,
    );
  }
}
