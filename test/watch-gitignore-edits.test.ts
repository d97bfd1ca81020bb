// Random edits of .gitignore files at several depths while an agent watches: what it tells in the end is what git shows.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TestAgent } from './support/agent.ts';
import { sharedAgent } from './support/shared-agent.ts';

const directories = ['.', 'a', 'a/b', 'a/b/c', 'd', 'd/b', 'other'];
const names = ['x.log', 'y.ts', 'b.txt', 'keep'];
const lines = [
  ...['*.log', '!*.log', 'b/', '!b/', '/y.ts', 'b/y.ts', '**/keep', 'a/**', '!a/b', 'c', '!keep', '*', '!*/'],
  ...['d/*', '/b/**/x.log', '# x', 'other/', '!other/', '[a-b]*', '.gitignore', '!.gitignore'],
];

const directory = fc.constantFrom(...directories);
const rules = fc.array(fc.constantFrom(...lines), { maxLength: 4 }).map((some) => some.join('\n'));
/** What may happen below the root. Paths that are not there any more are passed over. */
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('edit'), at: directory, text: rules }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), at: directory }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename'), at: directory, to: directory }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace'), at: directory, text: rules }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move'), at: directory, to: directory }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('write'), at: directory, name: fc.constantFrom(...names) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sync') }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function apply(root: string, agent: TestAgent, step: Operation): Promise<void> {
  const rulesAt = (at: string): string => join(root, at, '.gitignore');
  switch (step.kind) {
    case 'edit':
      return write(rulesAt(step.at), step.text);
    case 'remove':
      return rmSync(rulesAt(step.at), { force: true });
    case 'rename':
      if (existsSync(rulesAt(step.at)) && existsSync(join(root, step.to)))
        renameSync(rulesAt(step.at), rulesAt(step.to));
      return;
    case 'replace':
      // As editors save.
      write(join(root, step.at, '.gitignore~'), step.text);
      return renameSync(join(root, step.at, '.gitignore~'), rulesAt(step.at));
    case 'move': {
      const [from, to] = [join(root, step.at), join(root, step.to)];
      if (step.at === '.' || step.to === '.' || `${to}/`.startsWith(`${from}/`) || !existsSync(from)) return;
      rmSync(to, { recursive: true, force: true });
      mkdirSync(dirname(to), { recursive: true });
      if (existsSync(from)) renameSync(from, to);
      return;
    }
    case 'write':
      return write(join(root, step.at, step.name), '');
    case 'sync':
      await agent.sync();
  }
}

async function listed(agent: TestAgent, root: string): Promise<string[]> {
  await agent.sync();
  const { text } = await agent.request(`/v1/files?root=${encodeURIComponent(root)}`);
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as { path: string; kind: string })
    .flatMap(({ path, kind }) => (kind === 'dir' ? [] : [path]))
    .sort();
}

function shownByGit(root: string): string[] {
  const args = ['-C', root, 'ls-files', '--others', '--cached', '--exclude-standard', '-z'];
  const shown = spawnSync('git', args).stdout.toString().split('\0');
  return shown.filter((path) => path !== '').sort();
}

const shared = sharedAgent();

it('shows what git shows, after any edits, renames and moves of rules', async () => {
  const agent = shared();
  const { root } = agent;
  const beforeEachRun = (): void => {
    rmSync(join(root, '.gitignore'), { force: true });
    for (const at of directories) if (at !== '.') rmSync(join(root, at), { recursive: true, force: true });
    for (const name of names) rmSync(join(root, name), { force: true });
    if (!existsSync(join(root, '.git'))) spawnSync('git', ['init', '-q', root]);
    for (const at of directories) for (const name of names) write(join(root, at, name), '');
  };
  await fc.assert(
    fc
      .asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (steps) => {
        for (const step of steps) await apply(root, agent, step);
        expect(await listed(agent, root)).toEqual(shownByGit(root));
      })
      .beforeEach(beforeEachRun),
    { numRuns: 40 },
  );
});
