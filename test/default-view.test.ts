// What roots leave out by default, as users of the commands meet it.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCli, type TestAgent } from './support/agent.ts';
import type { Answer } from './support/ask.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { type CliProcess, startCli } from './support/cli-process.ts';
import { connect, type TestClient } from './support/client.ts';
import { git } from './support/git.ts';
import { startOn } from './support/on.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const shared = sharedAgent({ flags: ['--settle', '20'] });

function write(top: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
}

/** Starts a command that stays, and waits until the agent lists it. */
async function start(agent: TestAgent, args: readonly string[]): Promise<CliProcess> {
  const isListed = async (): Promise<boolean> =>
    (await agent.request('/v1/clients')).text.includes(`agent-cli ${args[0]}`);
  const cli = startCli(args, { env: agent.env });
  await until(() => `${args[0]} to be connected: ${cli.stderr}`, isListed);
  return cli;
}

/** The files that `agent-cli files` prints. */
async function filesOf(agent: TestAgent, root: string): Promise<string[]> {
  await agent.sync();
  const { stdout } = await runCli(['files', '--root', root], { env: agent.env });
  return stdout.split('\n').filter((path) => path !== '' && !path.endsWith('/'));
}

function add(agent: TestAgent, root: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return agent.request('/v1/roots', { method: 'POST', headers, body: JSON.stringify(root) });
}

it('refuses to watch a root in another way than it is watched, and says in which', async () => {
  const agent = shared();
  const path = temporaryDirectory();
  const addIt = (fields: object) => add(agent, { path, ...fields });
  expect((await addIt({ ignore: ['*.log', 'tmp/**'] })).status).toBe(200);
  for (const fields of [
    {},
    { ignore: ['tmp/**', '*.log', '*.log'] },
    { gitignore: true },
    { ignore: ['*.log', 'tmp/**'], gitignore: true },
  ]) {
    expect((await addIt(fields)).json()).toMatchObject({ path });
  }
  const refused: [object, string][] = [
    [{ ignore: [] }, 'ignore ["*.log","tmp/**"], not ignore []'],
    [{ ignore: ['*.log'], gitignore: true }, 'ignore ["*.log","tmp/**"], not ignore ["*.log"]'],
    [{ gitignore: false }, 'gitignore true, not gitignore false'],
    [
      { ignore: ['a'], gitignore: false },
      'ignore ["*.log","tmp/**"] and gitignore true, not ignore ["a"] and gitignore false',
    ],
  ];
  for (const [fields, detail] of refused) {
    const answer = await addIt(fields);
    expect(answer.json()).toMatchObject({ status: 409, code: 'root_differs' });
    expect(answer.json<{ detail: string }>().detail).toContain(`${path} is already watched with ${detail}: `);
  }
  // The agent's own first root, with what holds for all.
  const first = await add(agent, { path: agent.root, ignore: ['x'] });
  expect(first.json()).toMatchObject({ status: 409, code: 'root_differs' });
  expect((await add(agent, { path: agent.root, ignore: [] })).status).toBe(200);
});

/** A directory as somebody works in it, and what commands that run there are to see. */
interface Place {
  readonly root: string;
  /** Files that are left out, to be written while commands run. */
  readonly leftOut: readonly string[];
}

const places: [string, () => Place][] = [
  [
    "a repository's sub-package",
    () => {
      const top = temporaryDirectory();
      git(top, 'init', '--quiet');
      write(top, {
        '.gitignore': '*.log\n/packages/a/gen/\n',
        'packages/.gitignore': '!keep.log\n',
        '.git/info/exclude': 'notes/\n',
        'packages/a/x.log': '',
        'packages/a/gen/x.ts': '',
        'packages/a/notes/x.ts': '',
        'packages/a/src/gen/a.ts': '',
        'packages/a/src/keep.log': '',
        'packages/a/src/node_modules/m/index.js': '',
      });
      const leftOut = ['y.log', 'gen/y.ts', 'notes/y.ts', 'node_modules/m/index.js'];
      return { root: join(top, 'packages/a'), leftOut };
    },
  ],
  [
    'a directory without a repository',
    () => {
      const top = temporaryDirectory();
      write(top, {
        '.gitignore': '*.ts\n',
        'a/.gitignore': '*.log\n/gen/\n!keep.log\n',
        'a/x.log': '',
        'a/gen/x.ts': '',
        'a/src/gen/a.ts': '',
        'a/src/keep.log': '',
        'a/node_modules/m/index.js': '',
      });
      return { root: join(top, 'a'), leftOut: ['y.log', 'gen/y.ts', 'node_modules/n/index.js'] };
    },
  ],
  [
    'a directory that its repository ignores',
    () => {
      const top = temporaryDirectory();
      git(top, 'init', '--quiet');
      write(top, {
        '.gitignore': 'dist\nsecret\n*.log\n!keep.log\n',
        'dist/a/src/gen/a.ts': '',
        'dist/a/src/keep.log': '',
        'dist/a/x.log': '',
      });
      return { root: join(top, 'dist/a'), leftOut: ['y.log', 'secret', 'node_modules/n/index.js'] };
    },
  ],
];

it.each(places)('in %s the commands see what git does not ignore, and no node_modules', async (_, make) => {
  const agent = shared();
  const { root, leftOut } = make();
  expect(await runCli(['watch', root], { env: agent.env })).toMatchObject({ code: 0, stderr: '' });
  const shown = await filesOf(agent, root);
  expect(shown.filter((path) => path !== '.gitignore').sort()).toEqual(['src/gen/a.ts', 'src/keep.log']);

  const filter = ['--root', root, '--format', 'text'];
  const tail = await start(agent, ['tail', ...filter]);
  const wait = await start(agent, ['wait', ...filter]);
  const serve = startCli(['serve', root, '--json', '--port', '0'], { env: agent.env });
  await serve.line('where it serves', (line) => line.startsWith('{'));
  const [{ url }] = serve.json<{ url: string }>() as [{ url: string }];
  const ran = join(temporaryDirectory(), 'ran');
  writeFileSync(ran, '');
  const on = await startOn(agent, ['**', '--', `echo "$AGENT_CHANGED" >> ${ran}`], { cwd: root });
  for (const path of leftOut) {
    write(root, { [path]: 'x' });
    await agent.sync();
  }
  write(root, { 'src/b.html': '<p>' });
  await tail.line('the file', (line) => line === 'add src/b.html');
  expect(tail.lines).toEqual(['add src/b.html']);
  expect(await wait.exited).toEqual({ code: 0, signal: null });
  expect(wait.stdout).toBe('add src/b.html\n');
  const runs = (): string[] =>
    readFileSync(ran, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  await until(
    () => `the run: ${on.stderr}`,
    () => runs().length > 0,
  );
  expect(runs()).toEqual(['src/b.html']);
  expect((await fetch(new URL('src/b.html', url))).status).toBe(200);
});

describe('rules from outside of the root', () => {
  /** A repository with one file of each name in `sub`, of which the rules of the test leave out some. */
  async function watchSub(): Promise<{ top: string; client: TestClient; root: string }> {
    const agent = shared();
    const top = temporaryDirectory();
    git(top, 'init', '--quiet');
    for (const name of ['a.log', 'a.tmp', 'keep']) write(top, { [`p/sub/${name}`]: '' });
    const root = join(top, 'p/sub');
    const client = await connect(agent);
    expect((await add(agent, { path: root })).json()).toMatchObject({ files: 3 });
    return { top, root, client };
  }

  it('take effect as they are edited, made and removed, with nobody asking', async () => {
    const { top, client } = await watchSub();
    write(top, { '.gitignore': '*.log\n' });
    await client.waitForChange('unlink a.log');
    write(top, { 'p/.gitignore': '!a.log\n*.tmp\n' });
    await client.waitForChange('add a.log');
    await client.waitForChange('unlink a.tmp');
    write(top, { 'p/new': '!*.tmp\n' });
    renameSync(join(top, 'p/new'), join(top, 'p/.gitignore'));
    await client.waitForChange('add a.tmp');
    write(top, { '.git/info/exclude': 'keep\n' });
    await client.waitForChange('unlink keep');
    rmSync(join(top, '.git/info'), { recursive: true });
    await client.waitForChange('add keep');
    expect(client.gaps).toEqual([]);
  });

  it('begin and cease to count with the repository', async () => {
    const { top, client } = await watchSub();
    rmSync(join(top, '.git'), { recursive: true });
    write(top, { '.gitignore': '*.log\n', 'p/.gitignore': '*.tmp\n' });
    await shared().sync();
    expect(client.changes).toEqual([]);
    git(top, 'init', '--quiet');
    await client.waitForChange('unlink a.log');
    await client.waitForChange('unlink a.tmp');
    git(join(top, 'p'), 'init', '--quiet');
    await client.waitForChange('add a.log');
    git(join(top, 'p/sub'), 'init', '--quiet');
    await client.waitForChange('add a.tmp');
  });

  it('are in force at the barrier', async () => {
    const { top, root } = await watchSub();
    const agent = shared();
    for (let round = 0; round < 20; round++) {
      const [place, other] =
        round % 2 === 0 ? ['.gitignore', 'p/.gitignore'] : ['p/.gitignore', '.gitignore'];
      write(top, { [place as string]: '*.log\n' });
      write(top, { [other as string]: '*.tmp\n', '.git/info/exclude': round % 3 === 0 ? 'keep\n' : '' });
      await agent.sync();
      const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(root)}`);
      expect(text.includes('"keep"')).toBe(round % 3 !== 0);
      expect(text).not.toContain('"a.');
    }
  });
});
