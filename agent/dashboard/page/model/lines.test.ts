import { describe, expect, it } from '@jest/globals';
import type { ConnectedEvent } from '../../../../shared/client/browser.ts';
import type { Change, FileEvent } from '../../../../shared/protocol.ts';
import { LineMaker } from './lines.ts';

function changes(count: number): Change[] {
  return Array.from({ length: count }, (_, index) => ({
    event: 'add',
    path: `${index}.ts`,
    kind: 'file',
    size: 1,
    mtime: 1,
  }));
}

function fileEvent(count: number): FileEvent {
  return { type: 'file', cursor: 'a:1', time: 5, topic: 'file', root: '/r', changes: changes(count) };
}

describe('LineMaker', () => {
  it('gives few changes a line each, and many at once one together', () => {
    const maker = new LineMaker();
    expect(maker.add(fileEvent(3), 0).lines.map(({ type, id }) => [type, id])).toEqual([
      ['change', 1],
      ['change', 2],
      ['change', 3],
    ]);
    const { lines } = maker.add({ ...fileEvent(11), more: true }, 0);
    expect(lines).toMatchObject([{ type: 'batch', id: 4, timeMs: 5, root: '/r', more: true }]);
  });

  it('counts the bytes of an event as UTF-8', () => {
    const event = { type: 'message', cursor: 'a:1', time: 1, topic: 't', from: 'f', data: 'ä€😀' } as const;
    const { bytes, lines } = new LineMaker().add(event, 0);
    expect(bytes).toBe(Buffer.byteLength(JSON.stringify(event)));
    expect(lines).toMatchObject([{ type: 'message', topic: 't', from: 'f', data: 'ä€😀' }]);
  });

  it('tells of a connection only when there was one before it', () => {
    const maker = new LineMaker();
    const connected: ConnectedEvent = {
      type: 'connected',
      protocol: 1,
      version: '1',
      client: 'c1',
      cursor: 'a:0',
      head: 'a:0',
      oldest: 'a:0',
      resumed: true,
      roots: [],
    };
    expect(maker.add(connected, 1).lines).toEqual([]);
    expect(maker.add({ type: 'lost', reason: 'it is shutting down' }, 2).lines).toMatchObject([
      { type: 'lost', timeMs: 2, reason: 'it is shutting down' },
    ]);
    expect(maker.add(connected, 3).lines).toMatchObject([{ type: 'found', timeMs: 3, resumed: true }]);
    expect(maker.add(connected, 4).lines).toEqual([]);
  });
});
