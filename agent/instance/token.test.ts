import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { endFixtures, Fixture } from './fixtures/processes.ts';
import { loadToken } from './token.ts';

describe('loadToken', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devagent-token-'));
    file = join(directory, 'state', 'token');
  });
  afterEach(async () => {
    await endFixtures();
    rmSync(directory, { recursive: true });
  });

  it('makes a private token of 32 random bytes, and then keeps it', () => {
    const token = loadToken(file);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'state')).mode & 0o777).toBe(0o700);
    expect(loadToken(file)).toBe(token);
    expect(loadToken(join(directory, 'other', 'token'))).not.toBe(token);
  });

  it('reads a token that an editor ended with a line break', () => {
    const token = loadToken(file);
    writeFileSync(file, `${token}\n`);
    expect(loadToken(file)).toBe(token);
  });

  it('gives agents that start at once the same token', async () => {
    const processes = Array.from({ length: 6 }, () => new Fixture('load-token', [file]));
    for (const fixture of processes) expect(await fixture.line()).toBe('ready');
    for (const fixture of processes) fixture.go();
    const tokens = new Set<string>();
    for (const fixture of processes) tokens.add(await fixture.line());
    for (const fixture of processes) expect(await fixture.end()).toBe(0);
    expect([...tokens]).toEqual([readFileSync(file, 'utf8')]);
    expect(readdirSync(join(directory, 'state'))).toEqual(['token']);
  });

  it('refuses a token that others can read, and says how to go on', () => {
    const token = loadToken(file);
    chmodSync(file, 0o640);
    expect(() => loadToken(file)).toThrow(
      `the token file ${file} can be read by others (mode 640): delete it, and the next start makes a new one; or, if nobody has read it, run: chmod 600 ${file}`,
    );
    chmodSync(file, 0o600);
    expect(loadToken(file)).toBe(token);
  });

  it.each(['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}!`])(
    'refuses a file that holds no token: %j',
    (content) => {
      loadToken(file);
      writeFileSync(file, content);
      expect(() => loadToken(file)).toThrow(`${file} holds no token: delete it`);
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );

  it('refuses a link, and what is no file', () => {
    const token = loadToken(file);
    const link = join(directory, 'state', 'link');
    symlinkSync(file, link);
    expect(() => loadToken(link)).toThrow(/link is a symbolic link: delete it/);
    const folder = join(directory, 'state', 'folder');
    mkdirSync(folder);
    expect(() => loadToken(folder)).toThrow(/folder is not a regular file: delete it/);
    expect(loadToken(file)).toBe(token);
  });
});
