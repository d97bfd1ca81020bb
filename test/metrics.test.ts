// `GET /metrics`: the agent's numbers, for Prometheus.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import { connect } from './support/client.ts';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) console.warn('promtool is not installed (Debian: prometheus): its check is skipped');

async function scrape(agent: TestAgent): Promise<{ text: string; contentType: string }> {
  const response = await fetch(`http://127.0.0.1:${agent.port}/metrics`, {
    headers: { authorization: `Bearer ${agent.token}` },
  });
  expect(response.status).toBe(200);
  return { text: await response.text(), contentType: response.headers.get('content-type') ?? '' };
}

/** The samples of a page by name and labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

describe('the metrics', () => {
  it('count what happened', async () => {
    const agent = await startAgent();
    await connect(agent);
    await connect(agent, 'topic=none');
    await connect(agent, 'since=other:5');
    writeFileSync(join(agent.root, 'a'), '');
    await agent.sync();
    await agent.broadcast('one');
    await agent.broadcast('two');
    const { text, contentType } = await scrape(agent);
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const samples = samplesOf(text);
    const expected: Record<string, number> = {
      'devagent_events_total{type="file"}': 1,
      'devagent_events_total{type="message"}': 2,
      'devagent_events_total{type="gap"}': 0,
      'devagent_connections_total{transport="ws"}': 3,
      'devagent_clients{transport="ws"}': 3,
      'devagent_clients{transport="sse"}': 0,
      devagent_deliveries_total: 6,
      'devagent_gaps_total{reason="epoch"}': 1,
      'devagent_gaps_total{reason="slow"}': 0,
      devagent_slow_clients: 0,
      devagent_journal_events: 3,
      [`devagent_root_files{root="${agent.root}"}`]: 1,
      [`devagent_root_ready{root="${agent.root}"}`]: 1,
      [`devagent_recrawls_total{root="${agent.root}"}`]: 0,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(
      expected,
    );
    expect(samples.get('devagent_event_bytes_total')).toBe(samples.get('devagent_journal_bytes'));
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  });

  it('count on from one scrape to the next', async () => {
    const agent = await startAgent();
    for (const count of [1, 2, 3]) {
      await agent.broadcast('again');
      const samples = samplesOf((await scrape(agent)).text);
      expect(samples.get('devagent_events_total{type="message"}')).toBe(count);
    }
  });

  (hasPromtool ? it : it.skip)("pass Prometheus's own check", async () => {
    const agent = await startAgent();
    await scrape(agent);
    const { text } = await scrape(agent);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
