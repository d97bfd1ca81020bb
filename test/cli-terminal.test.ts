// What agent-cli looks like on a real terminal, narrow and wide, with colours and without.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startAgent, type TestAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { connect } from './support/client.ts';
import { Terminal, tmux } from './support/terminal.ts';
import { until } from './support/wait.ts';

const widths = [80, 200];
const escapeCharacter = '\u001b';

/** An agent with something to show of each kind: two roots, one with a long path, and some clients. */
async function livelyAgent(): Promise<TestAgent> {
  const long = join(temporaryDirectory(), 'a-customer-with-a-long-name', 'their-application', 'frontend');
  mkdirSync(long, { recursive: true });
  const agent = await startAgent({ roots: [temporaryDirectory(), long] });
  await connect(agent, 'name=vite&topic=file');
  const filter = 'topic=build.%3E&topic=file&match=src/**/*.ts&match=test/**/*.ts&ignore=**/generated/**';
  await connect(agent, `name=a-test-runner-with-a-name&${filter}`, 'loopback');
  return agent;
}

/** Fails if the terminal had to break a line. */
function expectUnbroken(terminal: Terminal): void {
  expect(terminal.lines()).toEqual(terminal.unbrokenLines());
}

if (tmux === undefined) console.warn('there is no tmux here: what terminals show is not looked at');
const onTmux = tmux === undefined ? describe.skip : describe;

onTmux.each(widths)('on a terminal of %i columns', (columns) => {
  it('status, clients, roots and help break no line', async () => {
    const { env } = await livelyAgent();
    const terminal = new Terminal({ columns, env });
    const runs = [['status'], ['clients'], ['roots'], ['--help'], ['disconnect', '--help']];
    for (const args of runs) {
      const lines = await terminal.run(...args);
      expect(lines.length).toBeGreaterThan(2);
      expectUnbroken(terminal);
    }
  });

  it('a table that fits is a table, and one that does not is told row by row', async () => {
    const agent = await startAgent();
    const terminal = new Terminal({ columns, env: agent.env });
    const short = (await terminal.run('roots')).map((line) => line.split(/ {2,}/));
    expect(short[0]).toEqual(['root', 'state', 'backend', 'files', 'dirs', 'watches', 'recrawls']);
    expect(short[1]).toHaveLength(7);
    const { env, roots } = await livelyAgent();
    const long = await new Terminal({ columns, env }).run('roots');
    if (columns > 100) expect(long).toHaveLength(3);
    else expect(long).toContain(roots[0]);
  });

  it('tail shows each event in its place, and many changes summed up', async () => {
    const agent = await startAgent({ flags: ['--settle', '100'] });
    const terminal = new Terminal({ columns, env: agent.env });
    terminal.start('tail');
    await until('tail to be connected', async () => (await agent.broadcast('hello', 'chat')).matched === 1);
    await terminal.shows('chat from http: hello');
    const words = Array.from({ length: 30 }, (_, number) => `word${number}`).join(' ');
    await agent.broadcast(words, 'build.done');
    const deep = join(agent.root, 'packages', 'a-package-with-a-name', 'src', 'components', 'buttons');
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, 'the-button-with-which-one-buys.test.tsx'), 'x');
    await terminal.shows('.tsx');
    // Moved in as a whole, so that it is one batch however slow the machine is.
    const many = join(temporaryDirectory(), 'many');
    mkdirSync(many);
    for (let number = 1; number < 50; number++) writeFileSync(join(many, `file-${number}.ts`), 'x');
    renameSync(many, join(agent.root, 'many'));
    await terminal.shows('50 changes');
    expectUnbroken(terminal);
    // Time, event and text, or what went on below the text.
    for (const line of terminal.lines()) {
      expect(line).toMatch(/^(\d\d:\d\d:\d\d\.\d{3} {2}(message|add|addDir|batch) +| {25})\S/);
      expect(line.slice(23, 26)).toMatch(/^ {2}\S$/);
    }
    expect(terminal.lines().join(' ')).toContain('50 changes: 50 added — many');
    terminal.press('C-c');
    expect(await terminal.exitCode()).toBe(130);
  });

  it('has no escape sequence with NO_COLOR, and some without', async () => {
    const agent = await livelyAgent();
    const since = await agent.sync();
    await agent.broadcast('hi', 'build.done');
    writeFileSync(join(agent.root, 'a.ts'), 'x');
    await agent.sync();
    const tail = ['tail', '--since', since, '--limit', '2'];
    const plain = new Terminal({ columns, env: { ...agent.env, NO_COLOR: '1' } });
    for (const args of [tail, ['status'], ['clients'], ['roots'], ['--help']]) {
      await plain.run(...args);
      expect(plain.painted()).not.toContain(escapeCharacter);
    }
    const painted = new Terminal({ columns, env: agent.env });
    await painted.run(...tail);
    expect(painted.painted()).toContain(escapeCharacter);
  });
});
