import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../test/support/cleanup.ts';
import { BuiltFiles } from './built-files.ts';

describe('the files of the page', () => {
  it('are the plain ones of a known kind in its folder, by their names alone', async () => {
    const directory = temporaryDirectory();
    const folder = join(directory, 'dashboard');
    mkdirSync(join(folder, 'deep.js'), { recursive: true });
    writeFileSync(join(directory, 'outside.js'), 'secret');
    for (const name of [
      'index.html',
      'app.js',
      'app.css',
      'icon.svg',
      'app.js.map',
      'README',
      'deep.js/x.js',
    ])
      writeFileSync(join(folder, name), name);
    symlinkSync('../outside.js', join(folder, 'link.js'));
    const files = new BuiltFiles(folder);
    expect(await files.find('app.js')).toEqual({
      type: 'text/javascript; charset=utf-8',
      bytes: Buffer.from('app.js'),
    });
    expect((await files.find('icon.svg'))?.type).toBe('image/svg+xml');
    for (const name of [
      ...['../outside.js', 'link.js', 'deep.js', 'deep.js/x.js', './app.js', 'app.js/', 'APP.JS', ''],
      ...['app.js.map', 'README', '__proto__', 'constructor', 'app.js\0'],
    ])
      expect([name, await files.find(name)]).toEqual([name, undefined]);
    // Read once: what was sent to a browser fits together.
    rmSync(folder, { recursive: true });
    expect((await files.find('app.css'))?.bytes.toString()).toBe('app.css');
  });

  it('are looked for again where they were not there', async () => {
    const folder = join(temporaryDirectory(), 'dashboard');
    const files = new BuiltFiles(folder);
    await expect(files.find('app.js')).rejects.toThrow('ENOENT');
    mkdirSync(folder);
    writeFileSync(join(folder, 'app.js'), '');
    expect(await files.find('app.js')).toBeDefined();
  });
});
