// What handlers are given.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Status } from '../../shared/index.ts';
import type { Hub } from '../hub/index.ts';
import type { Journal, NamedCursors } from '../journal/index.ts';
import type { Log } from '../log/index.ts';
import type { Watcher } from '../watch/index.ts';
import type { Answers } from './answers.ts';
import type { Bodies } from './body.ts';
import type { Connections } from './connections.ts';
import type { DashboardService } from './dashboard-service.ts';
import type { Admission } from './guard.ts';
import type { LiveReloadService } from './live-reload-service.ts';
import type { NameTurns } from './name-turns.ts';
import type { Publisher } from './publisher.ts';

/** Times by which it is told who is still there, for tests that can't wait for minutes. */
export interface KeepAlive {
  readonly pingMs: number;
  readonly closeAnswerMs: number;
  readonly commentMs: number;
  readonly stalledMs: number;
}

/** The agent's parts, as the edge sees them. */
export interface Services {
  readonly journal: Journal;
  readonly hub: Hub;
  readonly watcher: Watcher;
  readonly publisher: Publisher;
  readonly connections: Connections;
  readonly answers: Answers;
  /** Answers about what changed, which wait for the barrier. */
  readonly changes: Answers;
  readonly cursors: NamedCursors;
  /** Calls about the same named cursor. */
  readonly cursorTurns: NameTurns;
  readonly bodies: Bodies;
  /** Absent where it is switched off. */
  readonly liveReload: LiveReloadService | undefined;
  readonly dashboard: DashboardService;
  readonly log: Log;
  readonly keepAlive: KeepAlive;
  status(): Status;
  /** Until the journal is the one that the agent goes on with; undefined from then on. */
  restoring(): Promise<void> | undefined;
  /** Until it is known which roots there are; undefined from then on. */
  opening(): Promise<void> | undefined;
  /** Whether every root's first crawl is done, those that are still to be added included. */
  ready(): boolean;
  /** A root was asked for, whether it was watched before or not. */
  rootAdded(path: string): void;
  /** A root is watched no longer. */
  rootRemoved(path: string): void;
  /** Begins a graceful stop. */
  shutdown(): void;
}

/** One request on its way through a handler. */
export interface Exchange {
  readonly services: Services;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the path's placeholders stand for. */
  readonly params: Readonly<Record<string, string>>;
  /** How it was let in. */
  readonly admission: Admission;
  /** Where the request comes from, for people. */
  readonly address: string;
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
