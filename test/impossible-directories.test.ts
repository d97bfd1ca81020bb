// Directories in which no agent can live: each is named, with what to do, in one sentence, at once.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCli, startAgent } from './support/agent.ts';
import { backgroundPlace } from './support/background.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { canBindByPermissions, withoutPower } from './support/confined-agent.ts';
import { findProgram } from './support/find-program.ts';

const compiler = findProgram('cc', 'gcc', 'clang');
const onLinux = process.platform === 'linux';

/** A library that has bind(2) of Unix sockets, or link(2), fail as a shared folder's does. */
const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int bind(int fd, const struct sockaddr *a, socklen_t n) {
  const char *e = getenv("REFUSE_BIND");
  if (e && a->sa_family == AF_UNIX) { errno = atoi(e); return -1; }
  return ((int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind"))(fd, a, n);
}
int link(const char *a, const char *b) {
  const char *e = getenv("REFUSE_LINK");
  if (e) { errno = atoi(e); return -1; }
  return ((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link"))(a, b);
}
`;

function refusing(): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'refuse.c'), source);
  const library = join(directory, 'refuse.so');
  execFileSync(compiler ?? '', ['-shared', '-fPIC', '-o', library, join(directory, 'refuse.c'), '-ldl']);
  return library;
}

function expectSentence(text: string, directory: string): void {
  const [line = '', ...more] = text
    .split('\n')
    .filter((each) => each !== '' && !/^\d\d:\d\d:\d\d/.test(each) && !each.startsWith('  '));
  expect(more).toEqual([]);
  expect(line).toContain(directory);
  expect(line).toContain('AGENT_RUNTIME_DIR');
}

const withLibrary = onLinux && compiler !== undefined ? it : it.skip;
if (compiler === undefined) console.warn('no C compiler: file systems without sockets are not tried');

describe('a runtime directory without sockets (needs a C compiler)', () => {
  // EPERM, ENOTSUP, EROFS, EINVAL, EIO: what Docker's, WSL's, FAT's and network mounts say.
  withLibrary('is named by agentd, start, tail and doctor, with what to set', async () => {
    const library = refusing();
    const place = backgroundPlace();
    for (const errno of ['1', '95', '30', '22', '5', '28']) {
      const env = { LD_PRELOAD: library, REFUSE_BIND: errno };
      const agent = await startAgent({ runtime: place.runtime, env, ready: false });
      expect(await agent.exited).toMatchObject({ code: 1 });
      expectSentence(agent.stderr, place.runtime);
    }
    const env = { ...place.env, LD_PRELOAD: library, REFUSE_BIND: '95' };
    for (const command of ['start', 'tail']) {
      const { code, stderr } = await runCli([command], { env, cwd: place.root });
      expect(code).toBe(1);
      expectSentence(stderr, place.runtime);
    }
    const { code, stdout } = await runCli(['doctor', '--json'], { env, cwd: place.root });
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as { findings: Record<string, string>[] };
    expect(findings.filter(({ check }) => check === 'socket')).toMatchObject([
      {
        state: 'problem',
        found: expect.stringContaining('ENOTSUP'),
        remedy: expect.stringContaining('AGENT_RUNTIME_DIR'),
      },
    ]);
  });

  withLibrary.each(['1', '95', '18'])('may be without hard links, whatever it says: %s', async (errno) => {
    const agent = await startAgent({ env: { LD_PRELOAD: refusing(), REFUSE_LINK: errno } });
    const second = await startAgent({
      runtime: agent.runtime,
      env: { LD_PRELOAD: refusing(), REFUSE_LINK: errno },
      ready: false,
    });
    expect(await second.exited).toMatchObject({ code: 1 });
    expect(second.stderr).toContain(`already running (pid ${agent.pid})`);
    await agent.stop();
    expect(readdirSync(agent.runtime)).toEqual([]);
  });
});

describe('a runtime directory that can not be written in', () => {
  (canBindByPermissions() ? it : it.skip)(
    'is named by agentd and start (needs setpriv for root)',
    async () => {
      const place = backgroundPlace();
      mkdirSync(place.runtime);
      chmodSync(place.runtime, 0o500);
      const agent = await startAgent({ runtime: place.runtime, prefix: withoutPower, ready: false });
      expect(await agent.exited).toMatchObject({ code: 1 });
      expectSentence(agent.stderr, place.runtime);
      expect(agent.stderr).toContain('EACCES');
    },
  );
});

// Node's own recursive mkdir never comes back from there.
(existsSync('/proc/self') ? describe : describe.skip)('a directory that can not be made', () => {
  it.each(['AGENT_RUNTIME_DIR', 'AGENT_STATE_DIR'])(
    'ends agentd and auto-start at once: %s',
    async (variable) => {
      const place = backgroundPlace();
      const env = { ...place.env, [variable]: '/proc/devagent/deep' };
      for (const args of [['tail'], ['start'], ['restart']]) {
        const { code, stderr } = await runCli(args, { env, cwd: place.root });
        expect(code).toBeGreaterThan(0);
        expect(stderr).toContain(`/proc/devagent/deep can't be made (ENOENT): set ${variable}`);
        expect(stderr).not.toMatch(/\n\s+at /);
      }
      expect(place.agents()).toEqual([]);
    },
  );

  it('for the log is said once, and the agent runs on', async () => {
    const agent = await startAgent({ flags: ['--log-file', '/proc/devagent/deep/log'] });
    expect(agent.stderr.split('log file not written')).toHaveLength(2);
  });
});
