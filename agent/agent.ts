// The composition root: every part is made, started and stopped here, in order.
import type { Server } from 'node:http';
import {
  type DevagentError,
  type InstancePaths,
  limits,
  protocolVersion,
  type RunFile,
  type Status,
  version,
} from '../shared/index.ts';
import type { Config } from './config/index.ts';
import { Dashboard, Sessions } from './dashboard/index.ts';
import { Hub } from './hub/index.ts';
import { IdleExit } from './idle-exit.ts';
import { loadToken, Place } from './instance/index.ts';
import { Journal, NamedCursors } from './journal/index.ts';
import { Keeping } from './keeping.ts';
import { isWildcard, listen, listenForPages } from './listen.ts';
import { LiveReload } from './livereload/index.ts';
import type { Log } from './log/index.ts';
import {
  Answers,
  Bodies,
  Connections,
  createPlane,
  Guard,
  type KeepAlive,
  NameTurns,
  Publisher,
  type Services,
  Snapshots,
  WebSockets,
} from './serve/index.ts';
import { Watcher } from './watch/index.ts';

/** After this, what has not been closed in order is cut off. */
const closeLimitMs = 1_500;

/** A running agent. */
export class Agent {
  private readonly config: Config;
  private readonly paths: InstancePaths;
  private readonly log: Log;
  private readonly startedAt = new Date();
  private readonly startedMs = performance.now();
  private readonly journal: Journal;
  private readonly keeping: Keeping;
  private readonly cursors: NamedCursors;
  private readonly hub: Hub;
  private readonly watcher: Watcher;
  private readonly webSockets: WebSockets;
  private readonly services: Services;
  private readonly liveReload: LiveReload | undefined;
  private readonly dashboard: Dashboard;
  private readonly servers: Server[] = [];
  private readonly place: Place;
  private url = '';
  private rootsAdded = false;
  private opening: Promise<void> | undefined;
  private markOpened = (): void => {};
  private restoring: Promise<void> | undefined;
  /** Added while running: who did that wants them watched, connected or not. */
  private readonly rootsAskedFor = new Set<string>();
  private stopping: Promise<void> | undefined;
  private readonly idleExit: IdleExit;
  /** Why it ended, unless somebody asked for it. */
  failure: DevagentError | undefined;
  /** Resolves when the agent has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
  private markStopped = (): void => {};

  /** @param keepAlive other times than the protocol's, for tests */
  constructor(config: Config, paths: InstancePaths, log: Log, keepAlive: KeepAlive = limits) {
    this.config = config;
    this.paths = paths;
    this.log = log;
    this.journal = new Journal(config.journalBytes);
    this.keeping = new Keeping(this.journal, log);
    this.cursors = new NamedCursors([], () => this.keeping.cursorMoved());
    this.watcher = new Watcher(
      {
        backend: config.backend,
        settleMs: config.settleMs,
        ignore: config.ignore,
        gitignore: config.gitignore,
        cookieDirectory: paths.cookieDirectory,
        // A root that is new may have been somebody's at the newest event of the agent before.
        beginSeq: () => (this.journal.headSeq === 0 ? 0 : this.journal.headSeq + 1),
        ...(config.store ? { keeper: this.keeping } : {}),
      },
      {
        batch: async (root, changes, placed, view) => {
          await this.hub.enterBatch(root, changes, placed, view);
          if (view === undefined) await this.liveReload?.changed(changes);
        },
        lost: (view) => this.hub.enterRecrawl(view),
        viewEnded: (view) => this.hub.viewEnded(view),
        restarted: (root) => this.hub.enterRestart(root),
        rootLost: (root) => this.hub.enterLostRoot(root),
        rootChanged: (change) => this.hub.enterRootChange(change),
      },
      log,
    );
    this.hub = new Hub(this.journal, () => this.watcher.roots, new Snapshots(this.watcher), log, {
      stalledMs: keepAlive.stalledMs,
    });
    this.liveReload =
      config.liveReload === undefined
        ? undefined
        : new LiveReload(config.liveReload.match, () => this.watcher.roots, log);
    this.dashboard = new Dashboard(config.name);
    this.services = {
      journal: this.journal,
      hub: this.hub,
      watcher: this.watcher,
      publisher: new Publisher(this.hub, undefined, (topic, data) => this.liveReload?.published(topic, data)),
      connections: new Connections(log),
      answers: new Answers(),
      changes: new Answers(4),
      cursors: this.cursors,
      cursorTurns: new NameTurns(),
      bodies: new Bodies(),
      liveReload: this.liveReload,
      dashboard: this.dashboard,
      log,
      keepAlive,
      status: () => this.status(),
      restoring: () => this.restoring,
      opening: () => this.opening,
      ready: () => this.rootsAdded && this.watcher.ready,
      rootAdded: (path) => {
        this.rootsAskedFor.add(path);
        this.place.update();
      },
      rootRemoved: (path) => {
        this.rootsAskedFor.delete(path);
        this.place.update();
      },
      shutdown: () => void this.stop('shutdown was asked for'),
    };
    this.webSockets = new WebSockets(this.services);
    // No client, no page, no root that was asked for; requests are noted one by one.
    this.idleExit = new IdleExit(
      () => this.hub.registry.size > 0 || (this.liveReload?.size ?? 0) > 0 || this.rootsAskedFor.size > 0,
      () => void this.stop('nobody used it'),
    );
    this.place = new Place(
      paths,
      {
        server: () => this.localPlane(),
        runFile: () => this.runFile(),
        lost: (error) => {
          this.failure = error;
          void this.stop(error.message);
        },
      },
      log,
    );
    this.opening = new Promise((resolve) => {
      this.markOpened = () => {
        this.opening = undefined;
        resolve();
      };
    });
    this.stopped = new Promise((resolve) => {
      this.markStopped = resolve;
    });
  }

  /**
   * Claims the name, listens, tells where, and crawls. Resolves when the agent is ready, or was stopped
   * before it came to that.
   * @throws DevagentError when it can't run, with what to do about it; nothing is left behind then
   */
  async start(): Promise<void> {
    try {
      await this.open();
    } catch (error) {
      await this.stop('it could not start');
      throw error;
    }
  }

  /** Stops in order: no more connections, the journal to the clients, their streams closed, files removed. */
  stop(reason: string): Promise<void> {
    this.stopping ??= this.shutDown(reason);
    return this.stopping;
  }

  /** For a process that ends at once: removes the files by which others would look for it. */
  abandon(): void {
    this.place.abandon();
  }

  /** A server for the socket, not listening yet. */
  private localPlane(): Server {
    const local = createPlane(this.services, this.webSockets, undefined);
    local.on('request', () => this.idleExit.noteUse());
    this.servers.push(local);
    return local;
  }

  private async open(): Promise<void> {
    let markRestored = (): void => {};
    this.restoring = new Promise((resolve) => {
      markRestored = resolve;
    });
    try {
      await this.place.claim();
      // Nobody else has a right to what an agent of this name kept.
      const isStopping = (): boolean => this.stopping !== undefined;
      if (this.config.store && !isStopping() && (await this.keeping.open(this.paths, isStopping))) {
        this.hub.begin();
        this.keeping.begin(this.watcher, this.config.roots, this.cursors);
      }
    } finally {
      this.restoring = undefined;
      markRestored();
    }
    if (this.stopping !== undefined) {
      void this.place.close();
      for (const server of this.servers) server.closeAllConnections();
      return;
    }
    const token = loadToken(this.paths.tokenFile);
    const guard = new Guard({
      token,
      sessions: new Sessions(token, this.config.name),
      links: this.dashboard.links,
      // Whoever chose where to listen means that name, too; a wildcard is none.
      allowHost: isWildcard(this.config.host)
        ? this.config.allowHost
        : [...this.config.allowHost, this.config.host],
      allowOrigin: this.config.allowOrigin,
    });
    const loopback = createPlane(this.services, this.webSockets, guard);
    this.url = await listen(loopback, this.config, this.log);
    loopback.on('request', () => this.idleExit.noteUse());
    this.servers.push(loopback);
    if (this.stopping !== undefined) return this.closeLate(loopback);
    const { port } = this.config.liveReload ?? {};
    if (port !== undefined) {
      const pages = createPlane(this.services, this.webSockets, guard, true);
      const url = await listenForPages(pages, port);
      this.log.info('listening for LiveReload', { url });
      pages.on('request', () => this.idleExit.noteUse());
      this.servers.push(pages);
      if (this.stopping !== undefined) return this.closeLate(pages);
    }
    this.place.announce();
    this.log.info('listening', {
      pid: process.pid,
      version: version(),
      socket: this.paths.socket,
      url: this.url,
    });
    const crawls = this.config.roots.map((root) => this.watcher.add(root, {}, true));
    this.rootsAdded = true;
    this.markOpened();
    await Promise.all(crawls);
    if (this.stopping !== undefined) return;
    // Only now the roots are known by their real paths.
    this.place.announce();
    if (this.config.idleExitMs !== undefined) this.idleExit.arm(this.config.idleExitMs);
    this.log.info('ready', { roots: this.watcher.roots, url: this.url });
  }

  /** The stop was over, or under way, before this one listened. */
  private closeLate(server: Server): void {
    server.close();
    server.closeAllConnections();
  }

  private status(): Status {
    const { rss, heapUsed } = process.memoryUsage();
    return {
      version: version(),
      protocol: protocolVersion,
      pid: process.pid,
      uptimeMs: Math.round(performance.now() - this.startedMs),
      cursor: this.journal.cursor(),
      oldest: this.journal.cursor(this.journal.oldestSeq),
      roots: this.watcher.status(),
      clients: this.hub.registry.size,
      journal: this.hub.held,
      store: this.keeping.status(),
      memory: { rssBytes: rss, heapUsedBytes: heapUsed },
      url: this.url,
    };
  }

  private runFile(): RunFile {
    return {
      pid: process.pid,
      startedAt: this.startedAt.toISOString(),
      version: version(),
      socket: this.paths.socket,
      url: this.url,
      roots: this.rootsAdded ? this.watcher.roots : this.config.roots,
      args: this.config.args,
      logFile: this.config.logFile ?? this.paths.logFile,
    };
  }

  private async shutDown(reason: string): Promise<void> {
    this.log.info('stopping', { reason });
    this.markOpened();
    this.idleExit.close();
    // The socket file goes first: nobody shall find an agent that is on its way out.
    const closed = [
      this.place.close(),
      ...this.servers.map((server) => new Promise((resolve) => server.close(resolve))),
    ];
    this.place.withdraw();
    this.hub.hurry();
    await this.keeping.keepIndexes(this.watcher);
    await this.watcher.close();
    this.hub.close(1001, 'the agent stops');
    this.webSockets.close();
    this.services.connections.close();
    this.liveReload?.close();
    for (const server of this.servers) server.closeIdleConnections();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, closeLimitMs);
    });
    await Promise.race([Promise.all(closed), limit]);
    clearTimeout(timer);
    this.webSockets.terminate();
    this.liveReload?.terminate();
    for (const server of this.servers) server.closeAllConnections();
    await Promise.all(closed);
    // Not before the last connection has ended: nobody may be given a cursor that the next agent gives again.
    this.keeping.close();
    this.log.info('stopped');
    this.markStopped();
  }
}
