// Views that are wider than the default one: what a filter asks for, and what comes of it. A view lives as long as
// somebody uses it, and a while longer, so that a client that reconnects finds it as it was.
import { namedPaths } from '../../shared/globs/index.ts';
import { DevagentError } from '../../shared/index.ts';

/** What a filter asks for beyond the default view. */
export interface ViewRequest {
  /** The real path of the only root, or undefined for all, also those added later. */
  readonly root: string | undefined;
  /** All that the rules leave out. */
  readonly ignored: boolean;
  /** The filter's `match` globs, relative to the root: an ignored place that one names joins the view. */
  readonly match: readonly string[];
}

/** A view that is wider than the default one. */
export interface WideView {
  /** Names it in logs and maps. */
  readonly id: string;
  /** Resolves when it is crawled; rejects with DevagentError `watch_limit`. Nothing of it is reported before. */
  readonly ready: Promise<void>;
}

/** What a view holds of one root beyond the default view. */
export interface Interest {
  /** All but what no view ever holds. */
  readonly everything: boolean;
  /** Paths relative to the root, sorted; each with all that is below it. */
  readonly places: readonly string[];
}

/** How a root decides what a view holds of it. */
export interface ViewedRoot {
  readonly path: string;
  /** Whether its rules have been read; then, or when it is closed before, `whenReady` resolves. */
  readonly isReady: boolean;
  readonly whenReady: Promise<void>;
  /** Whether the rules leave a path out, by themselves or with something above it; not what no view holds. */
  leavesOut(path: string, isDirectory: boolean): boolean;
  /** Begins to hold that for the view, and to report its changes once the view is live. Resolves when it is crawled. */
  hold(view: View, interest: Interest): Promise<void>;
  /** The view has ended: what nobody else needs goes. */
  letGo(view: View): Promise<void>;
}

/** Views beside the default ones. Each has a journal of 4 MiB, and every batch is looked through for each. */
const mostViews = 32;
/** How long a view that nobody uses is kept: long enough to reconnect, or to run a command again. */
const lingerMs = 60_000;

/** A view at work. */
export class View implements WideView {
  readonly id: string;
  readonly request: ViewRequest;
  readonly ready: Promise<void>;
  /** Calls of `openView` that have not been undone. */
  clients = 0;
  /** Whether it is crawled, and its changes are reported. */
  isLive = false;
  hasEnded = false;
  linger: NodeJS.Timeout | undefined;
  private resolve = (): void => {};
  private reject = (_error: Error): void => {};

  constructor(id: string, request: ViewRequest) {
    this.id = id;
    this.request = request;
    this.ready = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever asked may have gone.
    this.ready.catch(() => {});
  }

  /** It is crawled. */
  begin(): void {
    if (this.hasEnded) return;
    this.isLive = true;
    this.resolve();
  }

  /** It can't be had. */
  refuse(error: Error): void {
    this.reject(error);
  }
}

/** What the views need of the watcher. */
export interface ViewsHost {
  roots(): Iterable<ViewedRoot>;
  /** A view has ended: nothing of it is reported any more. */
  ended(view: View): void;
}

/** All views beside the default ones. */
export class Views {
  private readonly host: ViewsHost;
  private readonly open = new Map<string, View>();
  private readonly lingerMs: number;
  private serial = 0;

  /** @param linger how long a view is kept that nobody uses, ms */
  constructor(host: ViewsHost, linger = lingerMs) {
    this.host = host;
    this.lingerMs = linger;
  }

  /**
   * The view for a filter, counted as used once more; undefined if the default view has all that it asks for.
   * @throws DevagentError `too_many_views`
   */
  take(request: ViewRequest): View | undefined {
    const interests = new Map<ViewedRoot, Interest | undefined>();
    for (const root of this.host.roots()) {
      if (request.root === undefined || request.root === root.path) {
        interests.set(root, root.isReady ? interestIn(root, request) : undefined);
      }
    }
    const isUndecided = [...interests.values()].includes(undefined);
    const decided = [...interests.values()].some((interest) => interest !== undefined && !isEmpty(interest));
    if (!request.ignored && !decided && !isUndecided) return undefined;
    const key = keyOf(request, interests);
    let view = this.open.get(key);
    if (view === undefined) {
      if (this.open.size >= mostViews) throw tooManyViews();
      view = new View(`view-${++this.serial}`, request);
      this.open.set(key, view);
      this.begin(view, interests);
    }
    clearTimeout(view.linger);
    view.clients += 1;
    return view;
  }

  /** Undoes a `take`. */
  release(view: View): void {
    view.clients -= 1;
    if (view.clients > 0 || view.hasEnded) return;
    view.linger = setTimeout(() => this.end(view), this.lingerMs).unref();
  }

  /** A root was added: views of all roots, and those of one that was there before, hold what they ask for in it. */
  attach(root: ViewedRoot): void {
    for (const view of this.open.values()) {
      if (view.request.root === undefined || view.request.root === root.path) void holdWhenReady(root, view);
    }
  }

  /** A view does not fit into what the system has to give. */
  refuse(view: View, error: Error): void {
    if (view.hasEnded) return;
    void this.end(view).then(() => view.refuse(error));
  }

  /** Refuses every view, because the default ones need what they hold. */
  refuseAll(error: Error): void {
    for (const view of this.open.values()) this.refuse(view, error);
  }

  close(): void {
    for (const view of this.open.values()) {
      clearTimeout(view.linger);
      view.refuse(new DevagentError('sync_failed', 'the agent stopped before the view was crawled'));
    }
    this.open.clear();
  }

  private begin(view: View, interests: ReadonlyMap<ViewedRoot, Interest | undefined>): void {
    const held = [...interests].map(([root, interest]) =>
      interest === undefined ? holdWhenReady(root, view) : root.hold(view, interest),
    );
    void Promise.all(held).then(() => view.begin());
  }

  private async end(view: View): Promise<void> {
    view.hasEnded = true;
    view.isLive = false;
    clearTimeout(view.linger);
    for (const [key, other] of this.open) if (other === view) this.open.delete(key);
    const roots = [...this.host.roots()];
    this.host.ended(view);
    await Promise.all(roots.map((root) => root.letGo(view)));
  }
}

async function holdWhenReady(root: ViewedRoot, view: View): Promise<void> {
  await root.whenReady;
  if (!view.hasEnded) await root.hold(view, interestIn(root, view.request));
}

function isEmpty({ everything, places }: Interest): boolean {
  return !everything && places.length === 0;
}

/** What a request asks for in a root beyond its default view, by the root's rules at this moment. */
function interestIn(root: ViewedRoot, { ignored, match }: ViewRequest): Interest {
  if (ignored) return { everything: true, places: [] };
  const places = namedPaths(match)
    .filter(({ path, goesOn }) => root.leavesOut(path, goesOn))
    .map(({ path }) => path);
  return { everything: false, places: [...new Set(places)].sort() };
}

/** The same for requests that ask for the same. */
function keyOf(
  { root, ignored, match }: ViewRequest,
  interests: ReadonlyMap<ViewedRoot, Interest | undefined>,
): string {
  if (ignored) return JSON.stringify([root ?? null]);
  const held = [...interests].map(([{ path }, interest]) => [path, interest?.places ?? null]);
  // What it will hold of roots that are yet to be crawled depends on all that it names.
  const isOpen = root === undefined || [...interests.values()].includes(undefined);
  const named = isOpen ? namedPaths(match).map(({ path, goesOn }) => [path, goesOn]) : [];
  return JSON.stringify([root ?? null, held, named]);
}

function tooManyViews(): DevagentError {
  return new DevagentError(
    'too_many_views',
    `${mostViews} views beside the default one are open: close clients that use ignored=1 or name an ignored place, or ask for the same`,
  );
}

/** The error of a view that does not fit into what the kernel gives. */
export function watchLimit(error: NodeJS.ErrnoException): DevagentError {
  const limit = error.code === 'EMFILE' ? 'max_user_instances' : 'max_user_watches';
  return new DevagentError(
    'watch_limit',
    `the kernel has no more inotify watches for what the ignore rules leave out (${error.code}): ask for less with match, or raise the limit, such as with "sudo sysctl fs.inotify.${limit}=1048576"`,
    { cause: error },
  );
}
