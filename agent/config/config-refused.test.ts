// What a config file may say, and what is refused, wherever it is written, with the words for it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UsageError } from '../../shared/index.ts';
import { parseConfig } from './config.ts';
import { cwd, read, refusal, useFreshDirectory, writeConfig } from './fixtures/reading.ts';
import { settingKeys } from './settings.ts';

useFreshDirectory();

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
      store: false,
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
    [
      ['--backend', 'inotify'],
      '--backend: expected auto, directories, recursive, chokidar or polling, got "inotify"',
    ],
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
