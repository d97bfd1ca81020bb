// Every limit and default that both sides know, each with the reason for its value.

/** The instance that is meant when no name is given. */
export const defaultName = 'default';
/** Loopback only: reaching other machines has to be asked for. */
export const defaultHost = '127.0.0.1';
/** Unassigned at IANA, and clear of the ports that dev servers like (3000, 5173, 8080). */
export const defaultPort = 5520;
/** Long enough for an editor's write, short enough not to be felt: a save is usually one event. */
export const defaultSettleMs = 4;
/** Some 80,000 typical events: hours of a developer's day, and small beside the process itself. */
export const defaultJournalBytes = 16 * 1024 * 1024;

export const limits = {
  /** A request body. Messages are notices, not file transfers; beyond it 413. */
  bodyBytes: 1024 * 1024,
  /** A WebSocket message from a client; beyond it close 1009. */
  clientMessageBytes: 1024 * 1024,
  /**
   * Arrays and objects inside one another in a message's data. Far more than anybody writes, and no more than
   * every reader takes: Rust's serde_json stops at 128, PHP at 512, and JavaScript's own
   * writer at a few thousand.
   */
  dataDepth: 100,
  /** Handed to a client's socket ahead of what the kernel took: the memory one stuck client can cost. */
  sendAheadBytes: 1024 * 1024,
  /**
   * Connections that wait to be accepted, as far as the system allows: a Unix socket turns away what is beyond them,
   * and a thousand clients may come back at once when an agent was started again.
   */
  backlog: 4_096,
  /** A client that takes less than `stalledBytes` in this long, while there is more for it, is closed with 1013. */
  stalledMs: 60_000,
  /** A kilobyte a second is slower than any reader that is of use, and a byte now and then pins as much as nothing. */
  stalledBytes: 64 * 1024,
  /**
   * A client that takes this much a second keeps up: a large batch and those that want a snapshot wait for it, and
   * for no slower one. A tenth of what a program takes that parses each event.
   */
  paceBytesPerSecond: 256 * 1024,
  /** So long a batch that is larger than the journal may wait for clients that keep up, and messages behind it. */
  batchHoldMs: 10_000,
  /** The same in a wide view: what it has to tell must not keep the default view waiting for longer. */
  wideBatchHoldMs: 1_000,
  /** The journal of a wide view: a quarter of the default one's, since there can be 32. */
  wideJournalBytes: 4 * 1024 * 1024,
  /** Messages that wait behind a large batch, as JSON; beyond it 503. */
  heldMessageBytes: 16 * 1024 * 1024,
  /** Broadcasts that wait at the same time until no client lags; beyond it 503. */
  waiters: 1_000,
  /** Named cursors, some 200 bytes each; the least recently used goes: a session of a tool forgets to forget its own. */
  namedCursors: 1_000,
  /** Changes in one answer of `GET /v1/changes`, some 15 MB; beyond it a list of the files is the shorter answer. */
  netChanges: 100_000,
  /** Keys of broadcasts that are remembered at the same time, some 250 bytes each; beyond it 503. */
  messageKeys: 50_000,
  /** WebSocket keep-alive. */
  pingMs: 30_000,
  /** A sign of life on SSE and NDJSON: well under the minute after which proxies and browsers give up. */
  commentMs: 15_000,
  /** Pings without any sign of life before a client counts as dead. */
  missedPings: 2,
  /** A WebSocket that did not answer the close frame by then is terminated. */
  closeAnswerMs: 1_000,
  /** Messages of one connection that can't be understood; the last one closes it with 1008. */
  badMessages: 20,
  /** Changes in one file event; a larger batch becomes consecutive events marked `more`. */
  changesPerEvent: 1_000,
  /** Globs of one kind, or topics, in a filter: each is tried on every event. */
  filterEntries: 100,
  /** Tokens in a topic. */
  topicTokens: 8,
  /** A config file, and a run file: thousands of globs or roots. */
  settingsFileBytes: 1024 * 1024,
  /** Bytes of a Unix socket's path, without the closing NUL: sockaddr_un's 108, and 104 on macOS. */
  socketPathBytes: { linux: 107, darwin: 103 },
} as const;
