import { expect, it } from '@jest/globals';
import { chooseBackend } from './choose-backend.ts';

const ext4 = 0xef53;
const nfs = 0x6969;

it.each([
  ['linux', 'directories', 'the default on Linux'],
  ['darwin', 'recursive', 'the default on macOS'],
  ['win32', 'recursive', 'the default on Windows'],
  ['freebsd', 'chokidar', 'the default on freebsd'],
] as const)('auto on %s is %s', (platform, name, why) => {
  expect(chooseBackend('auto', platform, ext4)).toEqual({ name, why });
});

it('auto polls where changes made elsewhere give no events, whatever the platform', () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    expect(chooseBackend('auto', platform, nfs)).toEqual({
      name: 'polling',
      why: 'NFS gives no events for changes made elsewhere',
    });
  }
});

it.each(['directories', 'recursive', 'chokidar', 'polling'] as const)(
  '%s is had where it is asked for',
  (name) => {
    expect(chooseBackend(name, 'linux', nfs)).toEqual({ name, why: 'it was asked for' });
  },
);
