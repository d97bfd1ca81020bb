// A client that must go on getting what is sent, whatever others do to the agent.
import { expect } from '@jest/globals';
import type { TestAgent } from './agent.ts';
import { connect, type TestClient } from './client.ts';
import { until } from './wait.ts';

/** Watches over an agent that is treated badly. */
export class Witness {
  private readonly agent: TestAgent;
  private readonly client: TestClient;
  private marks = 0;
  private others: string[] = [];

  constructor(agent: TestAgent, client: TestClient) {
    this.agent = agent;
    this.client = client;
  }

  /** Every message's data so far, but for the witness's own. */
  get heard(): unknown[] {
    return this.client.messages.filter(({ topic }) => topic !== 'witness').map(({ data }) => data);
  }

  /** Makes sure that the agent answers, and that a broadcast still reaches a client. */
  async expectService(): Promise<void> {
    expect((await this.agent.request('/v1/status')).status).toBe(200);
    const mark = ++this.marks;
    await this.agent.broadcast(mark, 'witness');
    await until(
      () => `mark ${mark}; got ${JSON.stringify(this.client.messages.slice(-5))}`,
      () => this.client.messages.some(({ topic, data }) => topic === 'witness' && data === mark),
    );
  }

  /** Waits until every other client has left the registry. */
  async waitUntilAlone(): Promise<void> {
    await until(
      () => `all others to be gone: ${this.others.join(', ')}`,
      async () => {
        const clients = (await this.agent.request('/v1/clients')).json<{ id: string }[]>();
        this.others = clients.map(({ id }) => id).filter((id) => id !== this.client.hello.client);
        return this.others.length === 0;
      },
    );
  }

  /** Makes sure that nothing of what the agent met so far was logged as a failure of its own. */
  expectCleanRecord(): void {
    expect(this.agent.logLines.filter(({ level }) => level === 'error')).toEqual([]);
  }
}

/** Connects a witness to an agent. */
export async function callWitness(agent: TestAgent): Promise<Witness> {
  return new Witness(agent, await connect(agent, 'name=witness', 'loopback'));
}
