// Many clients in another process: they cost the test's own process nothing, and can be killed as one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestAgent } from './agent.ts';
import { bundled } from './bundled.ts';
import { cleanUpWith } from './cleanup.ts';
import { until } from './wait.ts';

/** What a crowd is told. */
export interface CrowdOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly clients: number;
  /** The clients are called NAME-0, NAME-1, … */
  readonly name: string;
}

/** What a crowd tells. */
export interface CrowdReport {
  readonly connected: number;
  readonly closed: number;
  /** Messages that the client with the fewest has got. */
  readonly least: number;
  readonly most: number;
  /** Messages lost, doubled or out of order, and everything else that should not have come. */
  readonly faults: readonly string[];
}

const script = fileURLToPath(new URL('fixtures/crowd.ts', import.meta.url));

/** Clients that expect messages whose data is `{n}`, with n = 0, 1, 2, … */
export class Crowd {
  readonly child: ChildProcess;
  readonly names: readonly string[];
  report: CrowdReport = { connected: 0, closed: 0, least: 0, most: 0, faults: [] };

  constructor(child: ChildProcess, names: readonly string[]) {
    this.child = child;
    this.names = names;
    child.on('message', (report: CrowdReport) => {
      this.report = report;
    });
  }

  /** Waits until each client has got as many messages. */
  async waitForMessages(count: number): Promise<void> {
    await until(
      () => `${count} messages: ${JSON.stringify(this.report)}`,
      () => this.report.least >= count || this.report.faults.length > 0,
    );
  }

  /** Ends the process as a crash would: nothing is closed in order. */
  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

/** Starts a crowd, waits until all of it is connected, and ends it after the test. */
export async function startCrowd(
  agent: TestAgent,
  name: string,
  clients: number,
  plane: 'local' | 'loopback' = 'local',
): Promise<Crowd> {
  const child = spawn(process.execPath, [bundled(script)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  cleanUpWith(() => void child.kill('SIGKILL'));
  const order: CrowdOrder = {
    url: plane === 'local' ? `ws+unix:${agent.socket}:/v1/events` : `ws://127.0.0.1:${agent.port}/v1/events`,
    headers: plane === 'local' ? {} : { authorization: `Bearer ${agent.token}` },
    clients,
    name,
  };
  const crowd = new Crowd(
    child,
    Array.from({ length: clients }, (_, index) => `${name}-${index}`),
  );
  child.send(order);
  await until(
    () => `${clients} clients to connect: ${JSON.stringify(crowd.report)}`,
    () => crowd.report.connected === clients,
  );
  return crowd;
}
