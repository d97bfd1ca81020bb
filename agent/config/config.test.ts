import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { helpText } from '../../shared/flags/index.ts';
import { UsageError } from '../../shared/index.ts';
import { type Config, type Configuration, parseConfig } from './config.ts';
import { agentdHelp } from './flags.ts';
import { reportConfig } from './report.ts';
import { settingInfo, settingKeys } from './settings.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'devagent-config-'));
  mkdirSync(join(cwd, 'web'));
  mkdirSync(join(cwd, 'api'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

async function readWhole(argv: string[], env: Record<string, string> = {}): Promise<Configuration> {
  const result = await parseConfig(argv, env, cwd);
  if (typeof result === 'object') return result;
  throw new Error(`expected a configuration, got ${JSON.stringify(result)}`);
}

async function read(argv: string[], env: Record<string, string> = {}): Promise<Config> {
  return (await readWhole(argv, env)).config;
}

async function refusal(argv: string[], env: Record<string, string> = {}): Promise<string> {
  const outcome: unknown = await parseConfig(argv, env, cwd).catch((error: unknown) => error);
  if (outcome instanceof UsageError) return outcome.message;
  throw new Error(`expected a UsageError, got ${String(outcome)}`);
}

function writeConfig(content: unknown, name = 'agent.config.json'): string {
  const file = join(cwd, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

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

describe('the config file', () => {
  it('is read from the first root', async () => {
    writeConfig({ settle: 1 });
    writeConfig({ settle: 2 }, 'web/agent.config.json');
    expect((await read(['web', '.'])).settleMs).toBe(2);
    expect((await read(['api', '.'])).settleMs).toBe(4);
  });

  it('sets only what can do no harm unless it was asked for', async () => {
    const harmless = {
      backend: 'polling',
      settle: 1,
      ignore: ['a'],
      gitignore: false,
      journalBytes: 65536,
      logLevel: 'warn',
      idleExit: 1,
    };
    const others = {
      host: '127.0.0.2',
      port: 1,
      allowHost: ['a'],
      allowOrigin: ['http://a'],
      allowRemote: true,
      livereload: true,
      livereloadPort: 1,
      livereloadMatch: ['a'],
      name: 'a',
      logFile: 'a',
    };
    expect(Object.keys({ ...harmless, ...others }).sort()).toEqual([...settingKeys].sort());
    const file = writeConfig({ ...harmless, $schema: 'x' });
    expect(await read([])).toMatchObject({ backend: 'polling', settleMs: 1, idleExitMs: 1 });
    for (const [key, value] of Object.entries(others)) {
      writeConfig({ ...harmless, [key]: value });
      expect(await refusal([])).toBe(
        `"${key}" in ${file}: expected only backend, settle, ignore, gitignore, journalBytes, logLevel, idleExit in a config file that was not asked for, because it may have come with the directory: if you trust it, name it with --config ${file}, or set this one by a flag or variable`,
      );
      // A stronger source does not make it good: the file would go on claiming to set it.
      expect(await refusal([], { AGENT_HOST: '127.0.0.1' })).toContain(`"${key}" in ${file}`);
      expect(await read(['--config', 'agent.config.json'])).toMatchObject({ settleMs: 1 });
      expect(await read([], { AGENT_CONFIG: file })).toMatchObject({ settleMs: 1 });
    }
    writeConfig(others);
    expect((await refusal([])).split('\n')).toHaveLength(Object.keys(others).length);
  });

  it('takes no more memory for the journal than the default unless it was asked for', async () => {
    const most = 16 * 1024 * 1024;
    const file = writeConfig({ journalBytes: most });
    expect((await read([])).journalBytes).toBe(most);
    writeConfig({ journalBytes: most + 1 });
    expect(await refusal([])).toContain(`"journalBytes" in ${file}: expected at most ${most}`);
    expect((await read(['--config', file])).journalBytes).toBe(most + 1);
    expect((await read(['--config', file, '--journal-bytes', String(1024 ** 3)])).journalBytes).toBe(
      1024 ** 3,
    );
    for (const bytes of [1024 ** 3 + 1, Number.MAX_SAFE_INTEGER, 1e300]) {
      writeConfig({ journalBytes: bytes });
      expect(await refusal(['--config', file])).toContain(
        'expected a whole number of bytes from 65536 to 1073741824',
      );
    }
  });

  it('is refused with its name when it is no file of at most 1 MiB', async () => {
    const file = join(cwd, 'agent.config.json');
    const places: [() => void, string][] = [
      [() => execFileSync('mkfifo', [file]), 'is not a regular file'],
      [() => symlinkSync('/dev/zero', file), 'is not a regular file'],
      [() => mkdirSync(file), 'is not a regular file'],
      [() => writeFileSync(file, Buffer.alloc(1024 * 1024 + 1, ' ')), 'is larger than 1048576 bytes'],
    ];
    for (const [make, why] of places) {
      make();
      for (const args of [[], ['--config', file]])
        expect(await refusal(args)).toBe(`the config file ${file} ${why}`);
      rmSync(file, { recursive: true });
    }
  });

  it('may be a link, and large', async () => {
    writeFileSync(join(cwd, 'real.json'), JSON.stringify({ settle: 7 }).padEnd(1024 * 1024));
    symlinkSync('real.json', join(cwd, 'agent.config.json'));
    expect((await read([])).settleMs).toBe(7);
  });

  it('is refused in few words whatever is in it', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const content of [`{"backend":${deep}}`, deep, JSON.stringify({ ['k'.repeat(500_000)]: 1 })]) {
      writeConfig(content);
      expect((await refusal([])).length).toBeLessThan(1000);
    }
  });

  it('is another one when asked, and has to exist then', async () => {
    writeConfig({ port: 1 });
    writeConfig('\uFEFF{"port": 3, "$schema": "https://example.com/schema.json"}', 'other.json');
    expect((await read(['--config', 'other.json'])).port).toBe(3);
    expect((await read([], { AGENT_CONFIG: join(cwd, 'other.json') })).port).toBe(3);
    expect((await read(['--config', 'agent.config.json'], { AGENT_CONFIG: 'other.json' })).port).toBe(1);
    expect(await refusal(['--config', 'nope.json'])).toMatch(
      `the config file ${join(cwd, 'nope.json')} can't be read: ENOENT`,
    );
  });

  it('is refused with its name when it is no object of known keys', async () => {
    const file = writeConfig('{"port": 1,}');
    expect(await refusal([])).toMatch(`the config file ${file} is not JSON: `);
    writeConfig([]);
    expect(await refusal([])).toBe(`the config file ${file}: expected a JSON object of settings, got []`);
    writeConfig({ prot: 1 });
    expect(await refusal([])).toMatch(`unknown key "prot" in ${file}: expected one of backend, settle, `);
    writeConfig({ toString: 1 });
    expect(await refusal([])).toMatch('unknown key "toString"');
  });

  it('is checked even where a flag overrides it, and holds values of the right type', async () => {
    const file = writeConfig({ settle: '1' });
    expect(await refusal(['--settle', '2'])).toBe(
      `"settle" in ${file}: expected a whole number of milliseconds from 0 to 60000, got "1"`,
    );
    writeConfig({ ignore: 'a', gitignore: 'yes' });
    expect((await refusal([])).split('\n')).toEqual([
      `"ignore" in ${file}: expected a list, each item a glob, got "a"`,
      `"gitignore" in ${file}: expected true or false, got "yes"`,
    ]);
  });
});

describe('a mistake', () => {
  it.each([
    [['--prot', '1'], 'unknown flag --prot'],
    [['-x', '--yes=1', '--constructor'], 'unknown flag -x, --yes, --constructor'],
    [['--no-port'], 'unknown flag --no-port'],
    [['--port', 'http'], '--port: expected a whole number from 0 to 65535, got "http"'],
    [['--port', '65536'], '--port: expected a whole number from 0 to 65535, got 65536'],
    [['--port', '1e3'], '--port: expected a whole number from 0 to 65535, got "1e3"'],
    [['--port'], '--port needs a value'],
    [['--port='], '--port: expected a whole number from 0 to 65535, got nothing'],
    [['--port', '--name', 'a'], '--port needs a value'],
    [['--settle', '-1'], '--settle: expected a whole number of milliseconds from 0 to 60000, got "-1"'],
    [
      ['--journal-bytes', '65535'],
      '--journal-bytes: expected a whole number of bytes from 65536 to 1073741824, got 65535',
    ],
    [
      ['--idle-exit', '0'],
      '--idle-exit: expected a whole number of milliseconds from 1 to 2147483647, got 0',
    ],
    [
      ['--name', 'Web'],
      '--name: expected 1 to 32 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit, got "Web"',
    ],
    [['--backend', 'inotify'], '--backend: expected auto, directories, chokidar or polling, got "inotify"'],
    [['--log-level', 'trace'], '--log-level: expected error, warn, info or debug, got "trace"'],
    [['--log-file='], '--log-file: expected a file, got nothing'],
    [['--ignore='], '--ignore: expected a glob, got nothing'],
    [['--allow-remote=maybe'], '--allow-remote: expected true or false, got "maybe"'],
    [['--no-gitignore=no'], '--no-gitignore: expected true or false, got "no"'],
  ])('is told with what was given and what was expected: %j', async (argv, message) => {
    expect(await refusal(argv)).toBe(message);
  });

  it.each(['http://a', 'a:1', '[::1]', 'a/b', '-a', 'a b', '*'])(
    'is a host with more than its name: %s',
    async (host) => {
      expect(await refusal([`--allow-host=${host}`])).toBe(
        `--allow-host: expected a host name or address, without scheme, port or brackets, got "${host}"`,
      );
      expect(await refusal([`--host=${host}`, '--allow-remote'])).toMatch(
        /^--host: expected an address or host name/,
      );
    },
  );

  it.each([
    'a',
    '*',
    'null',
    'http://',
    'http://a/',
    'http://a/b',
    'http://u@a',
    'http://a?b',
    'http://a:x',
    'http://*.a',
    'http://a b',
  ])('is an origin that no browser sends: %s', async (origin) => {
    expect(await refusal(['--allow-origin', 'http://ok', `--allow-origin=${origin}`])).toBe(
      `--allow-origin: expected an origin such as https://app.example:8443, without a path, got "${origin}"`,
    );
  });

  it('in a variable is told by its name', async () => {
    expect(await refusal([], { AGENT_PORT: 'x' })).toBe(
      'AGENT_PORT: expected a whole number from 0 to 65535, got "x"',
    );
    expect(await refusal([], { AGENT_ALLOW_HOST: 'ok,no:1' })).toMatch(/^AGENT_ALLOW_HOST: .*, got "no:1"$/);
    expect(await refusal([], { AGENT_NO_GITIGNORE: 'x' })).toBe(
      'AGENT_NO_GITIGNORE: expected true or false, got "x"',
    );
    expect(await refusal([], { AGENT_GITIGNORE: '1', AGENT_NO_GITIGNORE: '1' })).toBe(
      'AGENT_GITIGNORE=1 and AGENT_NO_GITIGNORE=1 contradict each other: unset one',
    );
  });

  it('is a host beyond loopback, unless remote clients are allowed', async () => {
    for (const host of ['127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1', 'localhost']) {
      expect((await read(['--host', host])).host).toBe(host);
    }
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.com', '127.1', 'localhost.example.com']) {
      expect(await refusal(['--host', host])).toBe(
        `--host: expected a loopback address (127.0.0.1, ::1 or localhost), got "${host}", which other machines can reach: add --allow-remote if they shall`,
      );
      expect((await read(['--host', host, '--allow-remote'])).host).toBe(host);
    }
    expect(await refusal([], { AGENT_HOST: '0.0.0.0' })).toMatch(/^AGENT_HOST: /);
    const file = writeConfig({ host: '0.0.0.0' }, 'my.json');
    expect(await refusal(['--config', 'my.json'])).toMatch(`"host" in ${file}: `);
    expect(
      await refusal(['--config', 'my.json', '--allow-remote=false'], { AGENT_ALLOW_REMOTE: '1' }),
    ).toMatch('"host" in');
  });

  it('is always a UsageError, whatever the arguments', async () => {
    const word = fc.oneof(
      fc.constantFrom(
        '--port',
        '--host',
        '--ignore',
        '--no-gitignore',
        '--allow-origin',
        '--config',
        '--name',
        '--',
        '-h',
        '--__proto__',
        '--constructor',
        'web',
        'true',
        '1',
      ),
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `--${text}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        const outcome: unknown = await parseConfig(argv, {}, cwd).catch((error: unknown) => error);
        const ok = outcome instanceof UsageError || !(outcome instanceof Error);
        expect(ok ? undefined : outcome).toBeUndefined();
      }),
    );
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
      '--name --host --port --allow-host --allow-origin --allow-remote --livereload --livereload-port --livereload-match --backend --settle --ignore --no-gitignore --journal-bytes --config --log-level --log-file --idle-exit --show-config --version --help';
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
