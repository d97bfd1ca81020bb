// What a WebSocket client sends: publish, sync, subscribe. What can't be understood is answered with an
// error; the twentieth such message ends the connection.
import { type FilterSpec, limits, type ServerFrame } from '../../shared/index.ts';
import type { Client } from '../hub/index.ts';
import type { Services } from './context.ts';
import { ProblemError } from './problem.ts';
import { clientFrame, parseValue } from './schemas.ts';
import { compileFilter } from './stream-request.ts';
import { syncAll } from './sync.ts';

const syncTimeoutMs = 10_000;

type RequestId = number | string;

/** Takes one client's messages. */
export class ClientMessages {
  private readonly client: Client;
  private readonly services: Services;
  private bad = 0;

  constructor(client: Client, services: Services) {
    this.client = client;
    this.services = services;
  }

  /** Takes one message. Never throws: whatever is wrong is told to the client. */
  take(data: Buffer, isBinary: boolean): void {
    let value: unknown;
    try {
      if (isBinary) throw new ProblemError(400, 'binary_message', 'messages are JSON, in text frames');
      value = parseJson(data);
      const frame = parseValue(clientFrame, value, 'bad_message');
      this.serve(frame).catch((error: unknown) => this.fail(frame.id, error));
    } catch (error) {
      this.fail(idOf(value), error);
      this.countBad();
    }
  }

  private async serve(frame: ReturnType<typeof clientFrame.parse>): Promise<void> {
    const { hub, publisher, watcher } = this.services;
    if (frame.type === 'publish') {
      const { topic, data, key } = frame;
      const from = this.client.name || this.client.id;
      const answer = await publisher.publish({ topic, data, key, from });
      hub.reply(this.client, { type: 'ack', id: frame.id, ...answer });
    } else if (frame.type === 'sync') {
      const { cursor, seq } = await syncAll(this.services, syncTimeoutMs);
      hub.reply(this.client, { type: 'synced', id: frame.id, cursor }, seq);
    } else {
      const { type: _type, id, ...spec } = frame;
      hub.resubscribe(this.client, compileFilter(spec as FilterSpec, watcher), { type: 'ack', id });
    }
  }

  private fail(id: RequestId | undefined, error: unknown): void {
    const problem =
      error instanceof ProblemError
        ? error
        : new ProblemError(500, 'internal', 'the agent failed at this message');
    if (problem.status === 500) this.services.log.error('message failed', { client: this.client.id, error });
    const frame: ServerFrame = { type: 'error', code: problem.code, detail: problem.message };
    this.services.hub.reply(this.client, id === undefined ? frame : { ...frame, id });
  }

  private countBad(): void {
    this.bad += 1;
    if (this.bad === limits.badMessages) this.client.outlet.close(1008, 'too many bad messages');
  }
}

function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (error) {
    throw new ProblemError(400, 'bad_json', `the message is not JSON: ${(error as Error).message}`);
  }
}

/** The id of a message that is wrong otherwise, so that its sender can tell which one it was. */
function idOf(value: unknown): RequestId | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'number' || typeof value.id === 'string' ? value.id : undefined;
}
