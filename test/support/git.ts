// git, with nothing of what the user or the machine has set up for it.
import { execFileSync } from 'node:child_process';

const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 't',
  GIT_AUTHOR_EMAIL: 't@example.org',
  GIT_COMMITTER_NAME: 't',
  GIT_COMMITTER_EMAIL: 't@example.org',
  // Since CVE-2022-39253 a submodule can't be cloned from a path unless that is allowed.
  GIT_ALLOW_PROTOCOL: 'file',
};

/** Runs git in a directory; returns what it prints. */
export function git(directory: string, ...args: string[]): string {
  return execFileSync('git', ['-C', directory, '-c', 'init.defaultBranch=main', ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Commits everything. */
export function commit(directory: string, subject: string): void {
  git(directory, 'add', '--all');
  git(directory, 'commit', '--quiet', '--message', subject);
}
