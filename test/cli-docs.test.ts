// What is generated from the source of --help, read by those who will read it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { runCli } from './support/agent.ts';
import { findProgram } from './support/find-program.ts';

const repository = fileURLToPath(new URL('../', import.meta.url));
const pages = ['man/agent-cli.1', 'man/agentd.1'];

function readers(page: string): readonly (readonly [string, ...string[]])[] {
  return [
    ['mandoc', '-T', 'lint', '-W', 'warning', page],
    // Everything that groff can warn of, and no output.
    ['groff', '-man', '-ww', '-z', page],
  ];
}

/** Runs a program to its end; gives what it printed, errors too. */
function printed([program, ...args]: readonly [string, ...string[]]): string {
  const { stdout, stderr } = spawnSync(program, args, {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: '200', LC_ALL: 'C.UTF-8' },
  });
  return stdout + stderr;
}

describe('the manual pages', () => {
  for (const page of pages) {
    for (const reader of readers(page)) {
      const found = findProgram(reader[0]) !== undefined;
      (found ? it : it.skip)(
        `${page} is faultless to ${reader[0]}${found ? '' : ' (skipped: not here)'}`,
        () => {
          // A date would have to be kept current by hand: the pages have none.
          const remarks = printed(reader)
            .split('\n')
            .filter((line) => !/^$|missing date/.test(line));
          expect(remarks).toEqual([]);
        },
      );
    }
  }

  const man = findProgram('man');
  (man === undefined ? it.skip : it)('show every command, flag and example as it is typed', async () => {
    const text = printed(['man', '-P', 'cat', '-l', 'man/agent-cli.1']);
    const { stdout } = await runCli(['--help']);
    const names = [...stdout.matchAll(/^ {2}agent-cli (\S+)/gm)].map(([, name]) => name);
    expect(names).toContain('broadcast');
    for (const name of names) expect(text).toContain(`agent-cli ${name}`);
    expect(text).toContain(`agent-cli broadcast --topic build.done --data '{"ok":true}'`);
    expect(printed(['man', '-P', 'cat', '-l', 'man/agentd.1'])).toContain('--allow-origin VALUE');
  });
});

describe('docs/cli.md', () => {
  it('has every command with its flags', async () => {
    const text = readFileSync(new URL('../docs/cli.md', import.meta.url), 'utf8');
    const { stdout } = await runCli(['--help']);
    for (const [, name] of stdout.matchAll(/^ {2}agent-cli (\S+)/gm)) {
      expect(text).toContain(`\n### agent-cli ${name}\n`);
    }
    expect(text).toContain('| `--format text\\|json` |');
    expect(text).toContain('| `--backend auto\\|directories\\|recursive\\|chokidar\\|polling` |');
  });
});
