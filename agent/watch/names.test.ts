import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { testSeed } from '../../test/support/seed.ts';
import {
  bytesText,
  diskPath,
  joinPath,
  keyFromBytes,
  mayBeLossy,
  pathKey,
  relativeDiskPath,
  toldPath,
} from './names.ts';

/** A name's bytes: anything but NUL and the slash. */
const nameBytes = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte))));

const latin1 = Buffer.from([0x66, 0xe9]);

describe('the key of a name', () => {
  it('is its text where that is UTF-8, the replacement character included', () => {
    for (const name of ['a', 'caf\u00e9', '\u{1f600}', '\ufffd', 'a\ufffd']) {
      expect(keyFromBytes(Buffer.from(name))).toBe(name);
    }
  });

  it("leads back to its bytes, and is no other name's", () => {
    fc.assert(
      fc.property(nameBytes, nameBytes, (one, other) => {
        for (const bytes of [one, other]) {
          const place = relativeDiskPath(joinPath('d', keyFromBytes(bytes)));
          expect(Buffer.from(place)).toEqual(Buffer.concat([Buffer.from('d/'), bytes]));
        }
        expect(keyFromBytes(one) === keyFromBytes(other)).toBe(one.equals(other));
      }),
      { seed: testSeed() },
    );
  });
});

it('text may have lost bytes only where it has the replacement character', () => {
  expect([mayBeLossy('caf\u00e9'), mayBeLossy('a\ufffdb')]).toEqual([false, true]);
});

describe('a path on the disk', () => {
  const raw = `d/${keyFromBytes(latin1)}/caf\u00e9`;
  const rawBytes = Buffer.concat([Buffer.from('d/'), latin1, Buffer.from('/caf\u00e9')]);

  it('is the root for the empty key', () => {
    expect([diskPath('/root', ''), diskPath('/', ''), relativeDiskPath('')]).toEqual(['/root', '/', '.']);
  });

  it('is text where the keys are', () => {
    expect(diskPath('/root', 'a/b')).toBe('/root/a/b');
    expect(diskPath('/', 'a/b')).toBe('/a/b');
    expect(relativeDiskPath('a/b')).toBe('a/b');
  });

  it('is bytes where one key is', () => {
    expect(diskPath('/r\u00f6\u00f6t', raw)).toEqual(
      Buffer.concat([Buffer.from('/r\u00f6\u00f6t/'), rawBytes]),
    );
    expect(relativeDiskPath(raw)).toEqual(rawBytes);
  });
});

it("a path is reported as text, and as bytes where the text can't hold them", () => {
  expect(toldPath('d/caf\u00e9')).toEqual({ path: 'd/caf\u00e9' });
  const bytes = Buffer.concat([Buffer.from('d/'), latin1]);
  expect(toldPath(`d/${keyFromBytes(latin1)}`)).toEqual({
    path: 'd/f\ufffd',
    pathBytes: bytes.toString('base64'),
  });
});

it('a path that was told leads back to its keys', () => {
  fc.assert(
    fc.property(fc.array(nameBytes, { minLength: 1, maxLength: 4 }), (names) => {
      const path = names.map(keyFromBytes).join('/');
      expect(pathKey(toldPath(path))).toBe(path);
    }),
    { seed: testSeed() },
  );
  expect(pathKey({ path: 'a/b' })).toBe('a/b');
});

it('a path of keys has its bytes as Latin-1', () => {
  expect(bytesText('a/b ~')).toBe('a/b ~');
  expect(bytesText('caf\u00e9\u007f')).toBe('caf\u00c3\u00a9\u007f');
  expect(bytesText(`a/${keyFromBytes(latin1)}`)).toBe('a/f\u00e9');
  expect(bytesText('')).toBe('');
});

it('a name is joined to its directory, and stands alone in the root', () => {
  expect([joinPath('', 'a'), joinPath('a/b', 'c')]).toEqual(['a', 'a/b/c']);
});
