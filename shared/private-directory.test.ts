import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../test/support/cleanup.ts';
import {
  ensurePrivateDirectory,
  makeDirectories,
  objectionToParents,
  objectionToPrivacy,
} from './private-directory.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? it : it.skip;

/** A chain of private directories, each with a mode of its own. */
function chain(...modes: readonly number[]): string[] {
  let at = temporaryDirectory();
  return modes.map((mode, index) => {
    at = join(at, `d${index}`);
    mkdirSync(at);
    chmodSync(at, mode);
    return at;
  });
}

describe('a private directory', () => {
  it('is one below directories in which only its user, or root, may write', () => {
    const [, , last = ''] = chain(0o755, 0o711, 0o700);
    expect(objectionToPrivacy(last)).toBeUndefined();
    expect(objectionToPrivacy(join(last, 'not', 'there'))).toBeUndefined();
  });

  it.each([0o777, 0o757, 0o722, 0o702])(
    'is none below one of mode %o, however far up, until that is fixed',
    (mode) => {
      const [open = '', , last = ''] = chain(mode, 0o700, 0o700);
      const objection = objectionToPrivacy(last);
      expect(objection?.why).toContain(open);
      expect(objectionToPrivacy(join(last, 'not', 'there'))).toEqual(objection);
      expect(objection?.fix).toBe(`chmod go-w ${open}`);
      chmodSync(open, mode & ~0o022);
      expect(objectionToPrivacy(last)).toBeUndefined();
    },
  );

  it('may lie in one that is open and sticky', () => {
    const [, last = ''] = chain(0o1777, 0o700);
    expect(objectionToPrivacy(last)).toBeUndefined();
  });

  it('may be reached by a link, if both ways are safe', () => {
    const directory = temporaryDirectory();
    const [open = '', unsafe = ''] = chain(0o777, 0o700);
    const [safe = ''] = chain(0o700);
    symlinkSync(safe, join(directory, 'safe'));
    symlinkSync(unsafe, join(directory, 'unsafe'));
    symlinkSync(safe, join(open, 'safe'));
    symlinkSync('loop', join(directory, 'loop'));
    expect(objectionToPrivacy(join(directory, 'safe', 'run'))).toBeUndefined();
    expect(objectionToPrivacy(join(directory, 'unsafe', 'run'))?.why).toContain(open);
    expect(objectionToPrivacy(join(open, 'safe', 'run'))?.why).toContain(open);
    expect(objectionToPrivacy(join(directory, 'loop', 'run'))?.why).toContain('too many symbolic links');
  });

  asRoot('is none below a directory or behind a link of another user (needs root)', () => {
    const [theirs = '', last = ''] = chain(0o755, 0o700);
    chownSync(theirs, 12_345, 12_345);
    expect(objectionToPrivacy(last)?.why).toContain(`the user 12345, who owns ${theirs}`);
    const [sticky = '', target = ''] = chain(0o1777, 0o700);
    symlinkSync(target, join(sticky, 'link'));
    expect(objectionToPrivacy(join(sticky, 'link', 'run'))).toBeUndefined();
    lchownSync(join(sticky, 'link'), 12_345, 12_345);
    expect(objectionToPrivacy(join(sticky, 'link', 'run'))?.why).toContain('the user 12345');
  });

  asRoot('may lie below one that the group of root may write in, and no other group (needs root)', () => {
    const [shared = '', last = ''] = chain(0o775, 0o700);
    expect(objectionToPrivacy(last)).toBeUndefined();
    chownSync(shared, 0, 12_345);
    expect(objectionToPrivacy(last)?.why).toContain(shared);
  });

  it('asks nothing where users have no numbers', () => {
    const system = {
      userId: undefined,
      lstat: () => {
        throw new Error('looked');
      },
      readLink: String,
    };
    expect(objectionToParents('/a/b', system)).toBeUndefined();
  });

  it('is made for its user alone, and not by way of a link', () => {
    const directory = temporaryDirectory();
    const deep = join(directory, 'a', 'b', 'c');
    ensurePrivateDirectory(deep, 'runtime');
    for (const each of ['a', 'a/b', 'a/b/c'])
      expect(statSync(join(directory, each)).mode & 0o777).toBe(0o700);
    symlinkSync(join(directory, 'elsewhere'), join(directory, 'link'));
    expect(() => ensurePrivateDirectory(join(directory, 'link'), 'state')).toThrow('AGENT_STATE_DIR');
    expect(existsSync(join(directory, 'elsewhere'))).toBe(false);
  });
});

describe('makeDirectories', () => {
  it('is content with what is there, behind a link, too', () => {
    const directory = temporaryDirectory();
    symlinkSync(directory, join(directory, 'link'));
    makeDirectories(join(directory, 'link', 'a'));
    makeDirectories(join(directory, 'a'));
    makeDirectories('/');
    expect(realpathSync(join(directory, 'link', 'a'))).toBe(join(directory, 'a'));
  });

  it('says at once what can not be', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    symlinkSync(join(directory, 'nowhere', 'deep'), join(directory, 'dangling'));
    expect(() => makeDirectories(join(directory, 'file'))).toThrow('EEXIST');
    expect(() => makeDirectories(join(directory, 'file', 'a', 'b'))).toThrow('ENOTDIR');
    expect(() => makeDirectories(join(directory, 'dangling', 'a'))).toThrow('EEXIST');
  });

  // Node's own recursive mkdir never comes back from there.
  (existsSync('/proc/self') ? it : it.skip)(
    'ends below /proc, where mkdir(2) says ENOENT of everything',
    () => {
      expect(() => makeDirectories('/proc/devagent')).toThrow('ENOENT');
      expect(() => makeDirectories('/proc/self/devagent/a/b')).toThrow('ENOENT');
    },
  );
});
