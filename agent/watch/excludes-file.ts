// Which file git's core.excludesFile names for a root. Git itself is asked where a configuration may say it, since
// files can include others under conditions; where none can, its start, some 5 ms, is saved.
import { homedir } from 'node:os';
import { isAbsolute, join, parse } from 'node:path';
import { readBeginning } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import { goneOrUnseen } from './disk.ts';

/** A git that takes longer, on a home directory that hangs, is not waited for: the root is to be watched. */
const gitTimeoutMs = 2000;

/** A configuration that is longer is left to git. */
const configLimitBytes = 256 * 1024;

/** What has to stand in a configuration that says something about the file, or makes git read others. */
const mayNameFile = /excludesfile|include|worktreeconfig/i;

/** What would have git look at another repository than the root's: `git rev-parse --local-env-vars`. */
const localVariables =
  /^GIT_(ALTERNATE_OBJECT_DIRECTORIES|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT|OBJECT_DIRECTORY|DIR|WORK_TREE|IMPLICIT_WORK_TREE|GRAFT_FILE|INDEX_FILE|NO_REPLACE_OBJECTS|REPLACE_REF_BASE|PREFIX|SHALLOW_FILE|COMMON_DIR|INTERNAL_SUPER_PREFIX)$/;

/** What the answer depends on. */
export interface ExcludesQuestion {
  readonly root: string;
  /** Of the repository that the root lies in, if any: where its work tree begins, and its common directory. */
  readonly repository: { readonly top: string; readonly common: string } | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
}

/**
 * The absolute path of the file, which need not exist; undefined if there is none.
 *
 * A repository may come from anybody. `git config` runs no hook and no other program that a repository names, and
 * what it answers is only ever read for patterns.
 */
export async function excludesFile(question: ExcludesQuestion): Promise<string | undefined> {
  const { env, root, repository, log } = question;
  const home = env.HOME ?? (process.platform === 'win32' ? homedir() : '');
  const ofUser = env.XDG_CONFIG_HOME || (home === '' ? '' : join(home, '.config'));
  const standard = ofUser === '' ? undefined : join(ofUser, 'git/ignore');
  const configs = [
    env.GIT_CONFIG_SYSTEM ?? '/etc/gitconfig',
    ...(env.GIT_CONFIG_GLOBAL === undefined
      ? [ofUser && join(ofUser, 'git/config'), home && join(home, '.gitconfig')]
      : [env.GIT_CONFIG_GLOBAL]),
    ...(repository === undefined ? [] : [join(repository.common, 'config')]),
  ];
  // Elsewhere the system's configuration is where git was built to look for it.
  const isKnown = process.platform === 'linux' && !configs.some((path) => path !== '' && mayName(path));
  if (isKnown) return standard;
  const answer = await askGit(root, env);
  if (answer.path !== undefined) {
    // An empty path is a file that does not exist.
    if (answer.path === '') return undefined;
    // Git is at the top of the work tree when it opens a relative one.
    return isAbsolute(answer.path) ? answer.path : repository && join(repository.top, answer.path);
  }
  // 1: none is configured.
  if (answer.code !== 1) {
    log.warn('git does not tell its core.excludesFile', {
      code: answer.code,
      why: answer.why,
      taken: standard,
    });
  }
  return standard;
}

function mayName(path: string): boolean {
  try {
    const { bytes, isWhole } = readBeginning(path, configLimitBytes, { follow: true });
    return !isWhole || mayNameFile.test(bytes.toString('latin1'));
  } catch (error) {
    return goneOrUnseen(error) !== undefined;
  }
}

interface GitAnswer {
  readonly path?: string;
  /** How git ended, if it names no path. */
  readonly code?: string | number;
  readonly why?: string;
}

async function askGit(root: string, env: NodeJS.ProcessEnv): Promise<GitAnswer> {
  // Few need it.
  const { execFile } = await import('node:child_process');
  const cleaned = Object.entries(env).filter(([name]) => !localVariables.test(name));
  const options = {
    // Windows looks for programs in the working directory first, and the root's are not to be trusted.
    cwd: parse(process.execPath).root,
    env: { ...Object.fromEntries(cleaned), LC_ALL: 'C' },
    timeout: gitTimeoutMs,
    maxBuffer: 64 * 1024,
    windowsHide: true,
  };
  const args = ['-C', root, 'config', '--null', '--type=path', '--get', 'core.excludesFile'];
  return new Promise((resolve) => {
    execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ path: stdout.replace(/\0$/, '') });
      else resolve({ code: error.code ?? 'timeout', why: stderr.trim() });
    });
  });
}
