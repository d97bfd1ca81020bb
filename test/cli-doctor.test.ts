// agent-cli doctor, on this machine as it is and as it was made worse.
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import type { RunFile } from '../shared/index.ts';
import { type CliResult, runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { runCliHere } from './support/cli-here.ts';
import { startCli } from './support/cli-process.ts';
import { canLimitInotify, startLimitedAgent } from './support/confined-agent.ts';
import { isStopped } from './support/procfs.ts';
import { sharedAgent } from './support/shared-agent.ts';
import { until } from './support/wait.ts';

const ms = z.number().nonnegative().nullable();
const reportSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  state: z.enum(['ok', 'warning', 'problem']),
  findings: z
    .array(
      z.union([
        z.strictObject({
          check: z.string(),
          state: z.literal('ok'),
          found: z.string().min(1),
          means: z.null(),
          remedy: z.null(),
          commands: z.tuple([]),
        }),
        z.strictObject({
          check: z.string(),
          state: z.enum(['warning', 'problem']),
          found: z.string().min(1),
          means: z.string().min(1),
          remedy: z.string().min(1),
          commands: z.array(z.string().min(1)),
        }),
      ]),
    )
    .min(1),
  watch: z
    .strictObject({
      directory: z.string(),
      root: z.string(),
      agent: z.enum(['running', 'private']),
      backend: z.string(),
      ms: z.strictObject({ add: ms, change: ms, unlink: ms }),
    })
    .nullable(),
});
type Report = z.output<typeof reportSchema>;

/** Directories of a user's own, with no agent; and a home in which no service files are. */
function freshPlace(): { runtime: string; state: string; env: Record<string, string> } {
  const home = temporaryDirectory();
  const [runtime, state] = [join(home, 'run'), join(home, 'state')];
  return { runtime, state, env: { AGENT_RUNTIME_DIR: runtime, AGENT_STATE_DIR: state, HOME: home } };
}

/** Checks the report, and that the exit code agrees with it. */
function reportOf({ code, stdout, stderr }: CliResult): Report {
  expect(stderr).toBe('');
  const report = reportSchema.parse(JSON.parse(stdout));
  expect(code).toBe(report.state === 'problem' ? 1 : 0);
  return report;
}

async function doctor(env: Record<string, string>, ...args: string[]): Promise<Report> {
  return reportOf(await runCli(['doctor', '--json', ...args], { env }));
}

function findingsOf(report: Report, check: string): Report['findings'] {
  return report.findings.filter((finding) => finding.check === check);
}

const shared = sharedAgent();

describe('agent-cli doctor', () => {
  it('looks at a machine without an agent, and starts none', async () => {
    const { runtime, env } = freshPlace();
    const report = await doctor(env);
    const checks = new Set(report.findings.map(({ check }) => check));
    for (const check of [
      'node',
      'version',
      'agent',
      'runtime-directory',
      'state-directory',
      'store',
      'leftovers',
      'port',
      'clock',
    ])
      expect(checks).toContain(check);
    expect(findingsOf(report, 'agent')).toMatchObject([{ state: 'ok' }]);
    expect(() => readdirSync(runtime)).toThrow('ENOENT');
  });

  it('finds a healthy agent healthy, in words too', async () => {
    const agent = shared();
    const report = await doctor(agent.env);
    for (const check of [
      'agent',
      'roots',
      'version',
      'runtime-directory',
      'state-directory',
      'store',
      'token',
      'leftovers',
      'port',
      'clock',
    ])
      expect([check, findingsOf(report, check).map(({ state }) => state)]).toEqual([check, ['ok']]);
    const { code, stdout, stderr } = await runCli(['doctor'], { env: agent.env });
    expect([code, stderr]).toEqual([report.state === 'problem' ? 1 : 0, '']);
    expect(stdout).toMatch(new RegExp(`^ok +agent +"default", pid ${agent.pid}, up `, 'm'));
    expect(stdout).toMatch(/\n\n\d+ problems?, \d+ warnings?, \d+ ok\n$/);
    expect(stdout).not.toContain(agent.token);
  });

  it('finds what an agent that was killed left behind, and says how to be rid of it', async () => {
    const agent = await startAgent();
    agent.kill('SIGKILL');
    await agent.exited;
    const report = await doctor(agent.env);
    const [finding] = findingsOf(report, 'leftovers');
    expect(finding?.state).toBe('warning');
    for (const name of ['default.sock', 'default.json', 'default.cookies'])
      expect(finding?.found).toContain(join(agent.runtime, name));
    expect(finding?.means).toContain('no process is behind them');
    expect(finding?.commands).toEqual([expect.stringMatching(/^rm -r .*default\.sock/)]);
    expect(findingsOf(report, 'agent')).toMatchObject([{ state: 'ok' }]);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot("explains a runtime directory that is another user's, and exits 1", async () => {
    const { runtime, env } = freshPlace();
    mkdirSync(runtime, { mode: 0o700 });
    chownSync(runtime, 65_534, 65_534);
    const { code, stdout } = await runCli(['doctor'], { env });
    expect(code).toBe(1);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words).toContain(
      `problem: runtime-directory: ${runtime} belongs to the user 65534, not to you (0)`,
    );
    expect(words).toContain('AGENT_RUNTIME_DIR');
    expect(words).toContain(`sudo chown -R 0 ${runtime}`);
  });

  it('says of an agent that does not answer how to end it', async () => {
    const agent = await startAgent();
    agent.kill('SIGSTOP');
    await until('the agent to stand still', () => isStopped(agent.pid));
    const report = await doctor(agent.env);
    expect(findingsOf(report, 'agent')).toMatchObject([
      {
        state: 'problem',
        remedy: `let it go on with: kill -CONT ${agent.pid} — or end it with: agent-cli stop`,
      },
    ]);
    expect(findingsOf(report, 'clock')).not.toEqual([]);
  });

  const limited = canLimitInotify() ? it : it.skip;
  limited('gives the line that raises a limit which a root has met', async () => {
    const root = temporaryDirectory();
    for (const name of ['a', 'b', 'c']) mkdirSync(join(root, name));
    const agent = await startLimitedAgent({ watches: 2 })({ roots: [root] });
    const report = await doctor(agent.env);
    expect(findingsOf(report, 'inotify-watches')).toMatchObject([
      {
        state: 'problem',
        commands: expect.arrayContaining([expect.stringMatching(/^sudo sysctl .*watches=\d+$/)]),
      },
    ]);
    expect(findingsOf(report, 'roots')).toMatchObject([{ state: 'warning' }]);
  });

  it('takes no arguments', async () => {
    expect(await runCliHere(['doctor', 'x'], {})).toMatchObject({ code: 2, stdout: '' });
    expect(await runCliHere(['doctor', '--watch'], {})).toMatchObject({ code: 2, stdout: '' });
    const missing = await runCli(['doctor', '--watch', '/no/such/directory']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('--watch takes a directory that exists');
  });
});

describe('agent-cli doctor --watch', () => {
  /** What every measurement of a healthy directory has. */
  function expectMeasured(report: Report): void {
    expect(findingsOf(report, 'events')).toHaveLength(1);
    for (const time of Object.values(report.watch?.ms ?? { none: null }))
      expect(time).toEqual(expect.any(Number));
  }

  it('measures through the agent that watches the directory, also one below its root', async () => {
    const agent = shared();
    const directory = join(agent.root, 'src');
    mkdirSync(directory);
    await agent.sync();
    const report = await doctor(agent.env, '--watch', directory);
    expectMeasured(report);
    expect(report.watch).toMatchObject({ directory, root: agent.root, agent: 'running' });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('measures through an agent of its own elsewhere, which is gone afterwards', async () => {
    const { runtime, env } = freshPlace();
    const temporary = temporaryDirectory();
    const directory = temporaryDirectory();
    const report = await doctor({ ...env, TMPDIR: temporary }, '--watch', directory);
    expectMeasured(report);
    expect(report.watch).toMatchObject({ directory, root: directory, agent: 'private' });
    expect([readdirSync(directory), readdirSync(temporary)]).toEqual([[], []]);
    expect(() => readdirSync(runtime)).toThrow('ENOENT');
  });

  it('says so when no event comes, and what that means', async () => {
    const agent = shared();
    writeFileSync(join(agent.root, '.gitignore'), '*\n');
    await agent.sync();
    const { code, stdout } = await runCli(['doctor', '--watch', agent.root, '--timeout', '200'], {
      env: agent.env,
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^problem +events +none within 200 ms/m);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Look whether a .gitignore or --ignore names what lies there',
    );
    expect(readdirSync(agent.root)).toEqual(['.gitignore']);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('leaves nothing behind on %s', async (signal, code) => {
    const { env } = freshPlace();
    const temporary = temporaryDirectory();
    const directory = temporaryDirectory();
    writeFileSync(join(directory, '.gitignore'), '*\n');
    const cli = startCli(['doctor', '--watch', directory, '--timeout', '60000'], {
      env: { ...env, TMPDIR: temporary },
    });
    await until(
      () => `the file; got ${cli.stderr}`,
      () => readdirSync(directory).length === 2,
    );
    const [home = ''] = readdirSync(temporary);
    const { pid } = JSON.parse(readFileSync(join(temporary, home, 'run/default.json'), 'utf8')) as RunFile;
    cli.child.kill(signal);
    expect(await cli.exited).toEqual({ code, signal: null });
    expect([readdirSync(directory), readdirSync(temporary)]).toEqual([['.gitignore'], []]);
    await until('its agent to be gone', () => !isThere(pid));
  });

  it('ends with a word where no file can be made', async () => {
    const { env } = freshPlace();
    // Nobody, root neither, makes files there.
    const report = await doctor(env, '--watch', '/proc/self/fdinfo');
    expect(findingsOf(report, 'events')).toMatchObject([{ state: 'problem' }]);
    expect(report.watch).toBeNull();
  });

  it('says why its own agent does not start', async () => {
    const { env } = freshPlace();
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'agent.config.json'), '{"port":1}');
    const result = await runCli(['doctor', '--watch', directory], { env });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('"port" in');
    rmSync(join(directory, 'agent.config.json'));
  });
});

/** Whether a process runs; one that nobody has asked about since it ended has no command line any more. */
function isThere(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}
