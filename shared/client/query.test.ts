import { describe, expect, it } from '@jest/globals';
import { streamPath } from './query.ts';

const nothing = { topic: [], root: undefined, match: [], ignore: [], since: undefined, snapshot: false };

describe('streamPath', () => {
  it('names only what is asked for', () => {
    expect(streamPath({ ...nothing, name: 'x' })).toBe('/v1/events?name=x');
  });

  it('repeats what may be repeated and encodes what a URL would take apart', () => {
    const path = streamPath({
      topic: ['a.>', 'b'],
      root: '/w/a b&c',
      match: ['src/**/*.{ts,#}'],
      ignore: ['+'],
      since: 'm3k9:7',
      snapshot: true,
      name: 'agent-cli tail',
    });
    const query = new URL(path, 'http://localhost').searchParams;
    expect(query.getAll('topic')).toEqual(['a.>', 'b']);
    expect(query.getAll('match')).toEqual(['src/**/*.{ts,#}']);
    expect(query.getAll('ignore')).toEqual(['+']);
    expect(query.get('root')).toBe('/w/a b&c');
    expect(query.get('since')).toBe('m3k9:7');
    expect(query.get('snapshot')).toBe('1');
    expect(query.get('name')).toBe('agent-cli tail');
  });
});
