import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { helpText } from '../../shared/flags/index.ts';
import { type Config, parseConfig } from './config.ts';
import { cwd, read, readWhole, refusal, useFreshDirectory, writeConfig } from './fixtures/reading.ts';
import { agentdHelp } from './flags.ts';
import { reportConfig } from './report.ts';
import { settingInfo } from './settings.ts';

useFreshDirectory();

describe('the roots', () => {
  it('are the current directory unless some are given', async () => {
    expect((await read([])).roots).toEqual([cwd]);
    expect((await read(['web', join(cwd, 'api'), './web/'])).roots).toEqual([
      join(cwd, 'web'),
      join(cwd, 'api'),
    ]);
  });

  it('may have names that look like numbers or flags', async () => {
    mkdirSync(join(cwd, '007'));
    mkdirSync(join(cwd, '--port'));
    expect((await read(['007', '--', '--port'])).roots).toEqual([join(cwd, '007'), join(cwd, '--port')]);
  });

  it('have to be directories that exist', async () => {
    writeFileSync(join(cwd, 'file'), '');
    expect(await refusal(['web', 'nope'])).toBe(
      `DIR: expected an existing directory, got ${join(cwd, 'nope')}, which does not exist`,
    );
    expect(await refusal(['file'])).toBe(
      `DIR: expected an existing directory, got ${join(cwd, 'file')}, which is a file`,
    );
    expect(await refusal([''])).toBe('DIR: expected an existing directory, got nothing');
  });
});

describe('the settings', () => {
  it('have defaults', async () => {
    expect(await read([])).toEqual({
      roots: [cwd],
      name: 'default',
      host: '127.0.0.1',
      port: 5520,
      portGiven: false,
      allowHost: [],
      allowOrigin: [],
      allowRemote: false,
      backend: 'auto',
      settleMs: 4,
      ignore: [],
      gitignore: true,
      journalBytes: 16 * 1024 * 1024,
      store: true,
      logLevel: 'info',
      args: [],
    });
  });

  it('given as flags are kept for another start, elsewhere and under any name', async () => {
    const file = writeConfig({ settle: 7 }, 'other.json');
    const flags = [
      'web',
      '--port',
      '0',
      '--name',
      'x',
      '--ignore',
      'a,{b,c}',
      '--ignore=d e',
      '--log-file',
      'l',
    ];
    const { args } = await read([
      ...flags,
      '--no-gitignore',
      '--allow-remote=false',
      '--config',
      'other.json',
    ]);
    expect([...args].sort()).toEqual([
      '--allow-remote=false',
      `--config=${file}`,
      '--ignore=a,{b,c}',
      '--ignore=d e',
      `--log-file=${join(cwd, 'l')}`,
      '--no-gitignore=true',
      '--port=0',
    ]);
    const again = await parseConfig([join(cwd, 'web'), '--name', 'x', ...args], {}, '/');
    expect(again).toMatchObject({
      config: { ...(await read([...flags, '--no-gitignore', '--config', file])), args },
    });
  });

  it.each<[keyof Config, string, unknown, unknown, string, unknown, string[], unknown]>([
    // member, key in the file, its value, what it means, variable, what it means, flags, what they mean
    ['name', 'name', 'f', 'f', 'AGENT_NAME=e', 'e', ['--name', 'c'], 'c'],
    ['host', 'host', '127.0.0.2', '127.0.0.2', 'AGENT_HOST=LocalHost', 'localhost', ['--host=::1'], '::1'],
    ['port', 'port', 1, 1, 'AGENT_PORT=2', 2, ['--port', '0'], 0],
    ['portGiven', 'port', 5520, true, 'AGENT_PORT=5520', true, ['--port', '5520'], true],
    [
      'allowHost',
      'allowHost',
      ['F'],
      ['f'],
      'AGENT_ALLOW_HOST=e, E2',
      ['e', 'e2'],
      ['--allow-host', 'c'],
      ['c'],
    ],
    [
      'allowOrigin',
      'allowOrigin',
      ['http://f:80'],
      ['http://f'],
      'AGENT_ALLOW_ORIGIN=https://E,https://e2:1',
      ['https://e', 'https://e2:1'],
      ['--allow-origin', 'http://c', '--allow-origin=chrome-extension://abc'],
      ['http://c', 'chrome-extension://abc'],
    ],
    ['allowRemote', 'allowRemote', true, true, 'AGENT_ALLOW_REMOTE=0', false, ['--allow-remote'], true],
    [
      'backend',
      'backend',
      'polling',
      'polling',
      'AGENT_BACKEND=chokidar',
      'chokidar',
      ['--backend=auto'],
      'auto',
    ],
    ['settleMs', 'settle', 1, 1, 'AGENT_SETTLE=2', 2, ['--settle', '0'], 0],
    [
      'ignore',
      'ignore',
      ['f,f'],
      ['f,f'],
      'AGENT_IGNORE=*.{a,b},e',
      ['*.{a,b}', 'e'],
      ['--ignore', 'c', '--ignore', '!d'],
      ['c', '!d'],
    ],
    ['gitignore', 'gitignore', false, false, 'AGENT_GITIGNORE=true', true, ['--no-gitignore'], false],
    ['gitignore', 'gitignore', true, true, 'AGENT_NO_GITIGNORE=1', false, ['--no-gitignore=0'], true],
    [
      'journalBytes',
      'journalBytes',
      65536,
      65536,
      'AGENT_JOURNAL_BYTES=70000',
      70000,
      ['--journal-bytes', '80000'],
      80000,
    ],
    [
      'logLevel',
      'logLevel',
      'error',
      'error',
      'AGENT_LOG_LEVEL=warn',
      'warn',
      ['--log-level', 'debug'],
      'debug',
    ],
    [
      'liveReload',
      'livereload',
      true,
      { match: [] },
      'AGENT_LIVERELOAD=0',
      undefined,
      ['--livereload'],
      { match: [] },
    ],
    [
      'liveReload',
      'livereloadPort',
      1,
      { port: 1, match: [] },
      'AGENT_LIVERELOAD_PORT=2',
      { port: 2, match: [] },
      ['--livereload-port', '35729', '--livereload-match', '*.css', '--livereload-match=*.{a,b}'],
      { port: 35729, match: ['*.css', '*.{a,b}'] },
    ],
    [
      'liveReload',
      'livereloadMatch',
      ['a'],
      { match: ['a'] },
      'AGENT_LIVERELOAD_MATCH=b,c',
      { match: ['b', 'c'] },
      ['--livereload=false'],
      undefined,
    ],
    ['store', 'store', false, false, 'AGENT_NO_STORE=false', true, ['--no-store'], false],
    ['idleExitMs', 'idleExit', 1, 1, 'AGENT_IDLE_EXIT=2', 2, ['--idle-exit', '3'], 3],
  ])(
    '%s: a flag beats a variable, a variable the file',
    async (member, key, inFile, fromFile, variable, fromVariable, flags, fromFlags) => {
      const [name = '', value = ''] = variable.split(/=(.*)/s);
      const file = ['--config', writeConfig({ [key]: inFile })];
      expect((await read(file))[member]).toEqual(fromFile);
      expect((await read(file, { [name]: value }))[member]).toEqual(fromVariable);
      expect((await read([...file, ...flags], { [name]: value }))[member]).toEqual(fromFlags);
    },
  );

  it('take paths relative to where they are written', async () => {
    writeConfig({ logFile: 'log/f' }, 'web/my.json');
    const file = ['--config', 'web/my.json'];
    expect((await read(file)).logFile).toBe(join(cwd, 'web/log/f'));
    expect((await read(file, { AGENT_LOG_FILE: 'e' })).logFile).toBe(join(cwd, 'e'));
    expect((await read([...file, '--log-file', '../c'])).logFile).toBe(join(cwd, '../c'));
  });

  it('take the last value of a flag that is given again, and all of one that takes a list', async () => {
    const config = await read([
      '--port',
      '1',
      '--ignore',
      'a',
      'web',
      '--port',
      '2',
      '--no-gitignore',
      'api',
      '--ignore=b',
      '--allow-remote',
      '--allow-remote=false',
    ]);
    expect(config).toMatchObject({ port: 2, ignore: ['a', 'b'], gitignore: false, allowRemote: false });
    expect(config.roots).toEqual([join(cwd, 'web'), join(cwd, 'api')]);
  });

  it('take no word behind a switch for its value', async () => {
    mkdirSync(join(cwd, 'true'));
    const config = await read(['--no-gitignore', 'true']);
    expect(config).toMatchObject({ gitignore: false, roots: [join(cwd, 'true')] });
  });

  it('ignore empty variables, and those of other programs', async () => {
    expect(await read([], { AGENT_PORT: '', AGENT_CONFIG: '', AGENT_OS: 'x' })).toEqual(await read([]));
  });
});

describe('--help and --version', () => {
  it('come before anything that is wrong with the configuration', async () => {
    writeConfig('not JSON');
    expect(await parseConfig(['--version', '--show-config', 'nope'], { AGENT_PORT: 'x' }, cwd)).toBe(
      'version',
    );
    expect(await parseConfig(['-h', '--version'], {}, cwd)).toBe('help');
  });

  it('names every flag once, with defaults and examples', async () => {
    const help = await helpText(agentdHelp, 100);
    const flags =
      '--name --host --port --allow-host --allow-origin --allow-remote --livereload --livereload-port --livereload-match --backend --settle --ignore --no-gitignore --journal-bytes --config --log-level --log-file --idle-exit --no-store --show-config --version --help';
    const listed = [...help.matchAll(/^ {2}(?:-h, | {4})(--[a-z-]+) +\S/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(flags.split(' ').sort());
    expect(help).toMatch(/^agentd \[DIR…\]\n\nWatches the directories .*\n/);
    expect(help).toMatch(/\(default: 4\)/);
    expect(help.match(/^ {2}agentd/gm)).toHaveLength(3);
    expect(help).not.toMatch(/\[string\]|\[boolean\]/);
  });
});

describe('--show-config', () => {
  it('tells each setting with its value and where that comes from', async () => {
    const file = writeConfig({ settle: 1, port: 1, ignore: ['f'], $schema: 'x' }, 'my.json');
    const configuration = await readWhole(['web', '--show-config', '--config', file, '--port', '3'], {
      AGENT_PORT: '2',
      AGENT_ALLOW_ORIGIN: 'https://E',
      AGENT_NO_GITIGNORE: '1',
    });
    expect(configuration.showConfig).toBe(true);
    const report = reportConfig(configuration, '/state/log');
    expect(report).toMatchObject({
      roots: [join(cwd, 'web')],
      rootsGiven: true,
      file: { path: file, named: true },
      warnings: [],
    });
    expect(report.settings.map(({ key }) => key)).toEqual(Object.keys(settingInfo));
    const told = report.settings.map(({ key, value, source, from }) => [key, value, source, from]);
    expect(told).toEqual([
      ['backend', 'auto', 'default', null],
      ['settle', 1, 'file', file],
      ['ignore', ['f'], 'file', file],
      ['gitignore', false, 'variable', 'AGENT_NO_GITIGNORE'],
      ['host', '127.0.0.1', 'default', null],
      ['port', 3, 'flag', '--port'],
      ['allowHost', [], 'default', null],
      ['allowOrigin', ['https://e'], 'variable', 'AGENT_ALLOW_ORIGIN'],
      ['allowRemote', false, 'default', null],
      ['livereload', false, 'default', null],
      ['livereloadPort', null, 'default', null],
      ['livereloadMatch', [], 'default', null],
      ['name', 'default', 'default', null],
      ['journalBytes', 16 * 1024 * 1024, 'default', null],
      ['store', true, 'default', null],
      ['logLevel', 'info', 'default', null],
      ['logFile', '/state/log', 'default', null],
      ['idleExit', null, 'default', null],
    ]);
  });

  it('says so when neither directory nor file was given', async () => {
    const configuration = await readWhole([]);
    expect(configuration.showConfig).toBe(false);
    expect(reportConfig(configuration, '/log')).toMatchObject({
      roots: [cwd],
      rootsGiven: false,
      file: null,
    });
    const file = writeConfig({});
    expect(reportConfig(await readWhole([]), '/log')).toMatchObject({ file: { path: file, named: false } });
  });
});
