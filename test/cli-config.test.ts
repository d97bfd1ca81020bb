// What an agent would run with, as agent-cli shows it, and what a config file may set.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as z from 'zod';
import { type AgentOptions, runCli, startAgent } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { canBindByPermissions, startPowerlessAgent } from './support/confined-agent.ts';
import { readDocument } from './support/schemas.ts';
import { until } from './support/wait.ts';

const reportSchema = z.strictObject({
  roots: z.array(z.string()),
  rootsGiven: z.boolean(),
  file: z.strictObject({ path: z.string(), named: z.boolean() }).nullable(),
  settings: z.array(
    z.strictObject({
      key: z.string(),
      value: z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.null()]),
      source: z.enum(['flag', 'variable', 'file', 'default']),
      from: z.string().nullable(),
    }),
  ),
  warnings: z.array(z.string()),
});

/** A directory with a config file, and an environment of its own. */
function place(settings: object, name = 'agent.config.json') {
  const root = temporaryDirectory();
  const file = join(root, name);
  writeFileSync(file, JSON.stringify(settings));
  const state = join(temporaryDirectory(), 'state');
  return { root, file, state, env: { AGENT_RUNTIME_DIR: temporaryDirectory(), AGENT_STATE_DIR: state } };
}

describe('agent-cli config', () => {
  it('shows each value and where it comes from, without an agent', async () => {
    const { root, file, state, env } = place({ settle: 10, ignore: ['*.log', '*.tmp'] });
    const result = await runCli(['config', root, '--name', 'ci', '--', '--port', '0'], {
      env: { ...env, AGENT_LOG_LEVEL: 'warn' },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const lines = result.stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '));
    expect(lines).toEqual([
      `roots | ${root}`,
      `config file | ${file} (found in the first directory)`,
      '',
      'setting | from | value',
      'backend | default | auto',
      'settle | agent.config.json | 10',
      'ignore | agent.config.json | *.log, *.tmp',
      'gitignore | default | true',
      'host | default | 127.0.0.1',
      'port | --port | 0',
      'allowHost | default | none',
      'allowOrigin | default | none',
      'allowRemote | default | false',
      'livereload | default | false',
      'livereloadPort | default | none',
      'livereloadMatch | default | none',
      'name | --name | ci',
      'journalBytes | default | 16777216',
      'store | default | true',
      'logLevel | AGENT_LOG_LEVEL | warn',
      `logFile | default | ${state}/ci.log`,
      'idleExit | default | none',
      '',
    ]);
  });

  it('shows it as JSON, and nothing of the token', async () => {
    const agent = await startAgent();
    const { env, root, token } = agent;
    const { code, stdout } = await runCli(['config', root, '--json'], { env: { ...env, AGENT_NAME: 'a' } });
    expect(code).toBe(0);
    const report = reportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ roots: [root], rootsGiven: true, file: null, warnings: [] });
    expect(report.settings).toContainEqual({
      key: 'name',
      value: 'a',
      source: 'variable',
      from: 'AGENT_NAME',
    });
    expect(stdout).not.toContain(token);
  });

  it('refuses what agentd refuses, in its words', async () => {
    const { root, file, env } = place({ settle: 'soon', logLevel: 'loud' });
    const result = await runCli(['config', root], { env });
    expect(result).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: [
        `agent-cli: "settle" in ${file}: expected a whole number of milliseconds from 0 to 60000, got "soon"`,
        `agent-cli: "logLevel" in ${file}: expected error, warn, info or debug, got "loud"`,
        'agent-cli: See agentd --help.',
        '',
      ].join('\n'),
    });
    expect(await runCli(['config', '--', '--prot', '1'], { env })).toMatchObject({ code: 2, stdout: '' });
    expect(await runCli(['config', join(root, 'nope')], { env })).toMatchObject({ code: 2, stdout: '' });
  });

  it('takes directories that look like flags', async () => {
    const { env } = place({});
    const odd = join(temporaryDirectory(), '--port');
    mkdirSync(odd);
    const { code, stdout } = await runCli(['config', odd, '--json', '--', '--settle', '1'], { env });
    expect([code, reportSchema.parse(JSON.parse(stdout)).roots]).toEqual([0, [odd]]);
  });
});

describe('a config file that came with the directory', () => {
  it('does not open the agent to others, nor say where it writes', async () => {
    const { root, file, env } = place({
      host: '0.0.0.0',
      allowRemote: true,
      logFile: '/etc/motd',
      settle: 1,
    });
    const refused = await runCli(['config', root], { env });
    expect(refused.code).toBe(2);
    for (const key of ['host', 'allowRemote', 'logFile']) {
      expect(refused.stderr).toMatch(new RegExp(`"${key}" in .*: if you trust it, name it with --config`));
    }
    expect(refused.stderr).not.toContain('"settle"');
    const agent = await startAgent({ roots: [root], ready: false });
    expect(await agent.exited).toEqual({ code: 2, signal: null });
    const named = await runCli(['config', root, '--json', '--', '--config', file], { env });
    expect(reportSchema.parse(JSON.parse(named.stdout)).file).toEqual({ path: file, named: true });
  });

  const closed = canBindByPermissions() ? it : it.skip;
  closed('does not keep the agent from starting where it may not be read', async () => {
    const start = (options: AgentOptions) => startPowerlessAgent({ ...options, ready: false });
    const root = temporaryDirectory();
    chmodSync(root, 0o000);
    const agent = await start({ roots: [root] });
    await until(
      () => `a warning; got ${agent.stderr}`,
      () => agent.stderr.includes('config file passed over'),
    );
    expect(agent.stderr).toContain(
      `no config file is read, for ${root}/agent.config.json can't be looked at`,
    );
    await until('the agent to listen', () => agent.stderr.includes('listening'));
    expect((await agent.stop()).code).toBe(0);
    chmodSync(root, 0o700);
    rmSync(root, { recursive: true });
  });
});

describe('agent.config.schema.json', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  const validate = ajv.compile(readDocument('agent.config.schema.json'));

  it.each([
    [{}, true],
    [{ $schema: './agent.config.schema.json', settle: 0, ignore: ['*.log'], gitignore: false }, true],
    [{ name: 'ci', host: '::1', port: 0, allowHost: ['a'], allowOrigin: ['https://a'] }, true],
    [{ backend: 'polling', journalBytes: 65_536, logLevel: 'debug', idleExit: 1 }, true],
    [{ settel: 1 }, false],
    [{ settle: '1' }, false],
    [{ settle: 60_001 }, false],
    [{ ignore: '*.log' }, false],
    [{ ignore: [''] }, false],
    [{ name: 'Web' }, false],
    [{ backend: 'inotify' }, false],
    [[], false],
  ])('takes what agentd takes: %j', async (content, good) => {
    const { file, env } = place(content);
    const { code } = await runCli(['config', '--', '--config', file], { env });
    expect([validate(content), code]).toEqual([good, good ? 0 : 2]);
  });
});
