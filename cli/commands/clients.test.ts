import { describe, expect, it } from '@jest/globals';
import picocolors from 'picocolors';
import type { ClientInfo } from '../../shared/index.ts';
import { describeClients, describeFilter } from './clients.ts';

const page = { colors: picocolors.createColors(false), columns: undefined };

describe('describeFilter', () => {
  it('is the topics, and what restricts them', () => {
    expect(describeFilter({})).toBe('>');
    expect(describeFilter({ topic: ['a.*', 'b'], root: '/w', match: ['*.ts'], ignore: ['x/**'] })).toBe(
      'a.* b root /w match *.ts ignore x/**',
    );
    expect(describeFilter({ topic: ['file'], ignored: true })).toBe('file with ignored files');
  });
});

describe('describeClients', () => {
  it('lists each with its lag, and nothing of its name drives the terminal', () => {
    const client: ClientInfo = {
      id: 'c7',
      name: 'vite\u001b[2J',
      transport: 'ws',
      address: '127.0.0.1:4711',
      connectedAt: '2026-01-01T00:00:00.000Z',
      filter: { topic: ['file'] },
      cursor: 'm3k9:10',
      lag: { events: 2, bytes: 2048 },
      delivered: 8,
      gaps: 1,
    };
    expect(describeClients([client], Date.parse('2026-01-01T00:02:05.000Z'), page)).toEqual([
      'id  name         via  address             since  delivered                lag  gaps  filter',
      'c7  vite\\x1b[2J  ws   127.0.0.1:4711  2 min 5 s          8  2 events, 2.0 KiB     1  file',
    ]);
  });
});
