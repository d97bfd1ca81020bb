// Which file is taken for git's core.excludesFile: the one that git itself names.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { git } from '../../test/support/git.ts';
import { silentLog } from '../../test/support/silent-log.ts';
import { excludesFile } from './excludes-file.ts';

let home = '';
let top = '';
let env: NodeJS.ProcessEnv = {};
beforeEach(() => {
  home = temporaryDirectory();
  top = join(home, 'repository');
  git(home, 'init', '--quiet', top);
  mkdirSync(join(top, 'sub'));
  env = { PATH: process.env['PATH'], HOME: home, GIT_CONFIG_SYSTEM: '/dev/null' };
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

const ask = (more: NodeJS.ProcessEnv = {}): Promise<string | undefined> =>
  excludesFile({
    root: join(top, 'sub'),
    repository: { top, common: join(top, '.git') },
    env: { ...env, ...more },
    log: silentLog,
  });

/** Whether git takes a file for the one with patterns that it is to find. */
async function expectGitReadsIt(more: NodeJS.ProcessEnv = {}): Promise<string> {
  const path = (await ask(more)) ?? '';
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'of-user\n');
  const args = ['-C', top, 'check-ignore', '--verbose', 'of-user'];
  const said = execFileSync('git', args, { env: { ...env, ...more }, encoding: 'utf8' });
  expect(said).toContain('of-user');
  return path;
}

describe('the file', () => {
  it("is git's default where nothing is configured", async () => {
    expect(await expectGitReadsIt()).toBe(join(home, '.config/git/ignore'));
    const more = { XDG_CONFIG_HOME: join(home, 'xdg') };
    expect(await expectGitReadsIt(more)).toBe(join(home, 'xdg/git/ignore'));
    write('.gitconfig', '[user]\nname = x\n');
    expect(await expectGitReadsIt()).toBe(join(home, '.config/git/ignore'));
  });

  it('is none without a home', async () => {
    const { HOME: _, ...homeless } = env;
    env = homeless;
    expect(await ask()).toBeUndefined();
  });

  it.each<[string, Record<string, string>, NodeJS.ProcessEnv, string]>([
    ["the user's, below the home directory", { '.gitconfig': '[core]\nexcludesFile = ~/mine\n' }, {}, 'mine'],
    [
      "the user's other one",
      { 'xdg/git/config': '[Core]\nEXCLUDESFILE="~/m i"' },
      { XDG_CONFIG_HOME: 'xdg' },
      'm i',
    ],
    [
      'one that is included',
      { '.gitconfig': '[include]\npath=more\n', more: '[core]\nexcludesfile=~/m' },
      {},
      'm',
    ],
    [
      'one that is included for some repositories',
      { '.gitconfig': '[includeIf "gitdir:**/repository/"]\npath=more\n', more: '[core]\nexcludesfile=~/m' },
      {},
      'm',
    ],
    [
      'one that the environment names',
      { config: '[core]\nexcludesFile = ~/m' },
      { GIT_CONFIG_GLOBAL: 'config' },
      'm',
    ],
    ["the system's", { config: '[core]\nexcludesFile = ~/m' }, { GIT_CONFIG_SYSTEM: 'config' }, 'm'],
    [
      "the repository's, from its top",
      { 'repository/.git/config': '[core]\nexcludesFile = rules/m' },
      {},
      'repository/rules/m',
    ],
    [
      "the repository's, whatever the user's is",
      {
        '.gitconfig': '[core]\nexcludesFile = ~/mine\n',
        'repository/.git/config': '[core]\nexcludesFile = ~/m',
      },
      {},
      'm',
    ],
  ])('is named by a configuration: %s', async (_case, files, variables, expected) => {
    for (const [path, text] of Object.entries(files)) write(path, text);
    const absolute = Object.entries(variables).map(([name, path]) => [name, join(home, path ?? '')]);
    expect(await expectGitReadsIt(Object.fromEntries(absolute))).toBe(join(home, expected));
  });

  it('is none where the configuration names none', async () => {
    write('.gitconfig', '[core]\nexcludesFile =\n');
    expect(await ask()).toBeUndefined();
  });

  it('is that of the root, whatever repository the agent was started for', async () => {
    const other = join(home, 'other');
    git(home, 'init', '--quiet', other);
    git(other, 'config', 'core.excludesFile', '/other');
    write('.gitconfig', '[core]\nexcludesFile = ~/mine\n');
    const more = {
      GIT_DIR: join(other, '.git'),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.excludesFile',
      GIT_CONFIG_VALUE_0: '/count',
    };
    expect(await ask(more)).toBe(join(home, 'mine'));
  });

  it("is git's default where git is missing, broken, or does not answer", async () => {
    write('.gitconfig', '[core]\nexcludesFile = ~/mine\n');
    const standard = join(home, '.config/git/ignore');
    const programs = join(home, 'programs');
    mkdirSync(programs);
    expect(await ask({ PATH: programs })).toBe(standard);
    const fake = (script: string): void => {
      write('programs/git', `#!/bin/sh\n${script}\n`);
      chmodSync(join(programs, 'git'), 0o755);
    };
    fake('echo "bad config line 1" >&2; exit 128');
    expect(await ask({ PATH: programs })).toBe(standard);
    fake('while :; do :; done');
    expect(await ask({ PATH: programs })).toBe(standard);
  });

  it('runs nothing that the repository names, nor a git that lies in it', async () => {
    const ran = join(home, 'ran');
    const script = join(top, 'git');
    writeFileSync(script, `#!/bin/sh\ntouch ${ran}\necho /from-there\n`);
    chmodSync(script, 0o755);
    const hooks = `[core]\nfsmonitor = ${script}\nhooksPath = ${top}\npager = ${script}\neditor = ${script}\n`;
    write('repository/.git/config', `${hooks}excludesFile = /etc/passwd\n[alias]\nconfig = !${script}\n`);
    expect(await ask()).toBe('/etc/passwd');
    expect(() => execFileSync('ls', [ran], { stdio: 'ignore' })).toThrow();
  });
});
