// Commands that need the agent's events start an agent where none runs, and the next one where it died.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { GapEvent } from '../shared/index.ts';
import { startAgent } from './support/agent.ts';
import { backgroundPlace } from './support/background.ts';
import { idle } from './support/on.ts';
import { until } from './support/wait.ts';

/** What is said of an agent that was started, the pid left open. */
const startedNote = (root: string): RegExp =>
  new RegExp(
    `^agent-cli: started an agent in the background for ${root} \\(pid \\d+\\): it ends after 30 min without use, or with: agent-cli stop$`,
    'm',
  );

describe('a command that needs an agent', () => {
  it('starts one for the current directory, which stays for the next and ends when nobody uses it', async () => {
    const place = backgroundPlace();
    const env = { AGENT_IDLE_EXIT: '1500' };
    const tail = place.start(['tail', '--limit', '1', '--format', 'text'], { env });
    await place.connected(1);
    writeFileSync(join(place.root, 'a.ts'), 'x');
    expect(await tail.exited).toEqual({ code: 0, signal: null });
    expect(tail.stdout).toBe('add a.ts\n');
    expect(tail.stderr).toMatch(
      /^agent-cli: started an agent .*: it ends after 1\.5 s without use, or .*\n$/,
    );
    const { pid, args } = place.runFile();
    expect(args).toEqual(['--idle-exit=1500']);
    await until('the agent to end by itself', () => !place.agents().includes(pid));
  });

  it.each<[string, string[], Record<string, string>]>([
    ['--no-start', ['--no-start'], {}],
    ['AGENT_NO_START', [], { AGENT_NO_START: '1' }],
  ])('exits 3 with %s, and starts none', async (_what, flags, env) => {
    const place = backgroundPlace();
    const result = await place.run(['tail', ...flags], { env });
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('no agent named "default" is running');
    expect(place.agents()).toEqual([]);
  });

  it("exits with agentd's own words where it can't start", async () => {
    const place = backgroundPlace();
    const result = await place.run(['tail'], { env: { AGENT_SETTLE: 'soon' } });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('did not start (exit code 2): AGENT_SETTLE: expected a whole number');
  });

  it('ten times in the same second with no agent there: one agent, ten results', async () => {
    const place = backgroundPlace();
    const kinds = [
      ['tail', '--limit', '1', '--format', 'text'],
      ['wait', '--topic', 'file', '--timeout', '60000', '--format', 'text'],
      ['on', '*.ts', '--', 'echo "add $AGENT_CHANGED"'],
    ];
    const all = Array.from({ length: 10 }, (_, number) => {
      const args = kinds[number % kinds.length] ?? [];
      return { args, cli: place.start(args) };
    });
    await place.connected(10);
    expect(place.agents()).toHaveLength(1);
    writeFileSync(join(place.root, 'a.ts'), 'x');
    for (const { args, cli } of all) {
      await cli.line(`the result of ${args[0]}`, (line) => line === 'add a.ts');
      // This one runs on.
      if (args[0] === 'on') {
        await idle(cli);
        cli.child.kill('SIGINT');
      }
      expect(await cli.exited).toEqual({ code: 0, signal: null });
      expect(cli.stdout).toBe('add a.ts\n');
    }
    const notes = all.map(({ cli }) => cli.stderr).filter((text) => text !== '');
    expect(notes).toEqual([expect.stringMatching(startedNote(place.root))]);
  });
});

describe('a stream whose agent is killed', () => {
  it('says so, starts the next with the same roots and flags, and tells what changed in between', async () => {
    const place = backgroundPlace();
    const flags = ['--settle=7', '--ignore=*.log'];
    expect(await place.run(['start', '--', ...flags])).toMatchObject({ code: 0 });
    const tails = [place.start(['tail', '--json']), place.start(['tail', '--json'])];
    await place.connected(2);
    const { pid } = place.runFile();
    process.kill(pid, 'SIGKILL');
    for (const tail of tails) await tail.said('lost the agent "default"');
    writeFileSync(join(place.root, 'meanwhile.ts'), 'x');
    for (const tail of tails) await tail.said('found the agent "default" again');
    const next = place.runFile();
    expect(next).toMatchObject({ roots: [place.root], args: [...flags, '--idle-exit=1800000'] });
    expect(place.agents()).toEqual([next.pid]);
    writeFileSync(join(place.root, 'after.ts'), 'x');
    for (const tail of tails) {
      await tail.line('the change', (line) => line.includes('after.ts'));
      const [gap, meanwhile] = tail.json<GapEvent>();
      expect(gap).toMatchObject({ type: 'gap', reason: 'recrawl', restart: true, root: place.root });
      expect(meanwhile).toMatchObject({ changes: [{ event: 'add', path: 'meanwhile.ts' }] });
    }
    const notes = tails.filter(({ stderr }) => startedNote(place.root).test(stderr));
    expect(notes).toHaveLength(1);
  });

  it('has `on` run its command for what changed in between', async () => {
    const place = backgroundPlace();
    const on = place.start(['on', '*.ts', '--', 'echo "ran for $AGENT_CHANGED"']);
    await place.connected(1);
    process.kill(place.runFile().pid, 'SIGKILL');
    await on.said('lost the agent "default"');
    writeFileSync(join(place.root, 'meanwhile.ts'), 'x');
    await on.said('found the agent "default" again');
    await on.line('the run for it', (line) => line === 'ran for meanwhile.ts');
    writeFileSync(join(place.root, 'after.ts'), 'x');
    await on.line('the run for the change', (line) => line === 'ran for after.ts');
    expect(place.agents()).toEqual([place.runFile().pid]);
  });

  it('leaves it to a service manager to start the next', async () => {
    const place = backgroundPlace();
    const { runtime, state, root } = place;
    const first = await startAgent({ runtime, state, roots: [root] });
    const tail = place.start(['tail']);
    await place.connected(1);
    first.kill('SIGKILL');
    await tail.said('lost the agent "default"');
    const second = await startAgent({ runtime, state, roots: [root] });
    await tail.said('found the agent "default" again');
    expect(tail.stderr).not.toContain('started an agent');
    expect(place.agents()).toEqual([second.pid]);
  });

  it('starts none after one that was told to stop, but waits for somebody else to', async () => {
    const place = backgroundPlace();
    expect(await place.run(['start'])).toMatchObject({ code: 0 });
    const tail = place.start(['tail']);
    await place.connected(1);
    expect(await place.run(['stop'])).toMatchObject({ code: 0 });
    await tail.said('lost the agent "default": it is shutting down');
    // Here time itself is what is waited for: longer than one that was killed is waited for.
    const end = performance.now() + 6_000;
    await until('that time to pass', () => performance.now() > end);
    expect(place.agents()).toEqual([]);
    expect(await place.run(['start'])).toMatchObject({ code: 0 });
    await tail.said('found the agent "default" again');
  });
});
