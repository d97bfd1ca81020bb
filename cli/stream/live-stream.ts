import {
  type AgentError,
  type AgentEvent,
  type ReviveAgent,
  revival,
  type StreamQuery,
  Subscription,
} from '../../shared/client/index.ts';
import { answerTimeoutMs, type Connection, explainFailure } from '../agent/index.ts';

/**
 * Takes in what comes on a stream.
 * @param text the event's frame as it came; empty for one that the client made itself
 */
type EventTaker = (event: AgentEvent, text: string) => void;

/** A stream as a command follows it: a subscription whose failures are in the CLI's words. */
export class LiveStream extends Subscription {
  /**
   * Resolves when the stream was stopped.
   * @throws NoAgentError, UnusableAgentError or RefusedError when the first connection fails; RefusedError later when the
   *   agent refuses for good; CliError when it disconnects this client on purpose
   */
  readonly ended: Promise<void>;

  /** @param revive starts the next agent where one died; undefined to wait for one */
  constructor(connection: Connection, query: StreamQuery, take: EventTaker, revive?: ReviveAgent) {
    const { wire, instance, limit } = connection;
    let ended: (error: AgentError | undefined) => void = () => {};
    super(wire, query, { event: take, ended: (error) => ended(error) }, revival(revive));
    this.ended = new Promise((resolve, reject) => {
      ended = (error) => {
        if (error === undefined) resolve();
        else reject(explainFailure(error, instance, answerTimeoutMs + (limit?.ms ?? 0)));
      };
    });
  }
}
