import { describe, expect, it } from '@jest/globals';
import picocolors from 'picocolors';
import type { Status } from '../../shared/index.ts';
import { describeStatus } from './status.ts';

const page = { colors: picocolors.createColors(false), columns: undefined };

const status: Status = {
  version: '0.1.0',
  protocol: 1,
  pid: 4711,
  uptimeMs: 75_000,
  cursor: 'm3k9:12',
  oldest: 'm3k9:1',
  roots: [
    {
      path: '/home/me/app',
      backend: 'directories',
      ready: true,
      files: 120,
      dirs: 9,
      watches: 9,
      recrawls: 0,
      auditFindings: 0,
      interests: { clients: 0, watches: 0, files: 0, paths: [] },
      degraded: null,
    },
  ],
  clients: 2,
  journal: { events: 12, bytes: 3_000, limitBytes: 16_777_216 },
  store: {
    path: '/home/me/.local/state/devagent/default.store',
    bytes: 4_096,
    restored: true,
    degraded: null,
  },
  memory: { rssBytes: 90_000_000, heapUsedBytes: 20_000_000 },
  url: 'http://127.0.0.1:5520/',
};

describe('describeStatus', () => {
  it('shows the agent and its roots', () => {
    expect(describeStatus('default', status, page)).toEqual([
      'agent    default, version 0.1.0, pid 4711, up 1 min 15 s',
      'url      http://127.0.0.1:5520/',
      'clients  2',
      'journal  12 events, 2.9 KiB of 16 MiB',
      'cursor   m3k9:12, the oldest kept is m3k9:1',
      'store    /home/me/.local/state/devagent/default.store, 4.0 KiB',
      'memory   86 MiB',
      '',
      'root          state  backend      files  dirs  watches  recrawls',
      '/home/me/app  ready  directories    120     9        9         0',
    ]);
  });

  it('says what is watched for clients that see ignored files', () => {
    const interests = { clients: 2, watches: 1, files: 312, paths: ['dist', 'build/out'] };
    const show = (changed: Partial<typeof interests>): string | undefined => {
      const roots = status.roots.map((root) => ({ ...root, interests: { ...interests, ...changed } }));
      return describeStatus('default', { ...status, roots }, page).at(-1);
    };
    expect(show({})).toBe(
      '/home/me/app has ignored files for 2 clients: 312 files, 1 watch (dist, build/out)',
    );
    expect(show({ clients: 0, files: 1, paths: [] })).toBe(
      '/home/me/app has ignored files for clients that have left: 1 file, 1 watch',
    );
  });

  it('says why a root is degraded', () => {
    const roots = status.roots.map((root) => ({ ...root, degraded: 'inotify limit reached: raise it' }));
    const lines = describeStatus('default', { ...status, roots }, page);
    expect(lines.at(-1)).toBe('/home/me/app is degraded: inotify limit reached: raise it');
  });
});
