import { describe, expect, it } from '@jest/globals';
import type { HelloFrame, MessageEvent } from '../protocol.ts';
import { StreamPosition } from './position.ts';
import type { StreamQuery } from './query.ts';

const query: StreamQuery = {
  topic: [],
  root: undefined,
  match: [],
  ignore: [],
  since: undefined,
  snapshot: false,
  name: 'x',
};

function hello(cursor: string, roots: string[] = ['/a', '/b'], resumed = false): HelloFrame {
  const oldest = 'e:1';
  return {
    type: 'hello',
    protocol: 1,
    version: '0.1.0',
    client: 'c1',
    cursor,
    head: cursor,
    oldest,
    resumed,
    roots,
  };
}

function message(cursor: string): MessageEvent {
  return { type: 'message', cursor, time: 0, topic: 'message', from: 'cli', data: 'x' };
}

describe('StreamPosition', () => {
  it('starts where it is asked to', () => {
    expect(new StreamPosition({ ...query, since: 'e:4' }).query().since).toBe('e:4');
    expect(new StreamPosition(query).query().since).toBeUndefined();
  });

  it('goes on after hello when no event came', () => {
    const position = new StreamPosition(query);
    position.begin(hello('e:9'));
    expect(position.query().since).toBe('e:9');
  });

  it('goes on after the last event, message or gap', () => {
    const position = new StreamPosition(query);
    position.begin(hello('e:9'));
    position.advance(message('e:10'));
    position.advance({ type: 'gap', cursor: 'e:20', reason: 'slow', missed: 10 });
    position.advance({ type: 'error', code: 'x', detail: 'y' });
    expect(position.query().since).toBe('e:20');
  });

  it('asks again for a snapshot that was cut off, and not for one that was complete', () => {
    const position = new StreamPosition({ ...query, snapshot: true });
    position.begin(hello('e:9'));
    position.advance({ type: 'snapshot', root: '/a', files: [], done: true });
    position.advance({ type: 'snapshot', root: '/b', files: [], done: false });
    expect(position.query()).toMatchObject({ snapshot: true, since: undefined });
    position.advance({ type: 'snapshot', root: '/b', files: [], done: true });
    expect(position.query()).toMatchObject({ snapshot: true, since: 'e:9' });
  });

  it('waits only for the snapshot of the root that it asks for', () => {
    const position = new StreamPosition({ ...query, snapshot: true, root: '/b' });
    position.begin(hello('e:9'));
    position.advance({ type: 'snapshot', root: '/b', files: [], done: true });
    expect(position.query().since).toBe('e:9');
  });

  it('asks for the same again until it was told of the gap', () => {
    const position = new StreamPosition({ ...query, since: 'e:4' });
    expect(position.begin(hello('f:0'))).toBeUndefined();
    expect(position.query().since).toBe('e:4');
    position.advance({ type: 'gap', cursor: 'f:0', reason: 'epoch' });
    expect(position.query().since).toBe('f:0');
  });

  it('tells itself of what was lost with a snapshot that was cut off', () => {
    const position = new StreamPosition({ ...query, snapshot: true });
    expect(position.begin(hello('e:9'))).toBeUndefined();
    expect(position.begin(hello('e:9'))).toBeUndefined();
    expect(position.begin(hello('e:12'))).toEqual({ type: 'gap', cursor: 'e:12', reason: 'slow' });
    expect(position.begin(hello('f:1'))).toEqual({ type: 'gap', cursor: 'f:1', reason: 'epoch' });
  });

  it('tells of that again until it was handed on', () => {
    const position = new StreamPosition({ ...query, snapshot: true });
    position.begin(hello('e:9'));
    const gap = { type: 'gap', cursor: 'e:12', reason: 'slow' } as const;
    expect(position.begin(hello('e:12'))).toEqual(gap);
    expect(position.begin(hello('e:12'))).toEqual(gap);
    position.advance(gap);
    expect(position.begin(hello('e:12'))).toBeUndefined();
  });

  it('asks for a fresh snapshot again when the one after a gap was cut off', () => {
    const position = new StreamPosition({ ...query, snapshot: true });
    position.begin(hello('e:9', ['/a']));
    position.advance({ type: 'snapshot', root: '/a', files: [], done: true });
    position.advance({ type: 'gap', cursor: 'e:20', reason: 'slow', missed: 11 });
    expect(position.query().since).toBeUndefined();
    position.advance({ type: 'snapshot', root: '/a', files: [], done: true });
    expect(position.query().since).toBe('e:20');
  });

  it('waits for no snapshot where the topics leave out files', () => {
    const position = new StreamPosition({ ...query, topic: ['build.>'], snapshot: true });
    position.begin(hello('e:9'));
    expect(position.query().since).toBe('e:9');
  });

  it('takes a snapshot as complete once events come, whatever roots were removed meanwhile', () => {
    const position = new StreamPosition({ ...query, snapshot: true });
    position.begin(hello('e:9'));
    position.advance({ type: 'snapshot', root: '/a', files: [], done: true });
    position.advance(message('e:10'));
    expect(position.query().since).toBe('e:10');
  });
});
