import { describe, expect, it } from '@jest/globals';
import type { ChangeEvent } from '../index.ts';
import { isPrivatePath, planReloads } from './plan.ts';

function changes(...texts: string[]) {
  return texts.map((text) => {
    const [event, path = ''] = text.split(' ') as [ChangeEvent, string];
    return { event, path, kind: event.endsWith('Dir') ? ('dir' as const) : ('file' as const) };
  });
}

const inPage = (path: string) => ({ command: 'reload', path, liveCSS: true, liveImg: true });
const wholePage = (path: string) => ({ command: 'reload', path, liveCSS: false, liveImg: false });

describe('what a batch means to a page', () => {
  it('one reload, whatever else changed, once something but a style sheet or an image did', () => {
    const many = Array.from({ length: 100 }, (_, index) => `add chunk${index}.js`);
    expect(planReloads(changes('change a.css', 'change b.html', ...many))).toEqual([inPage('b.html')]);
  });

  it('each of a few style sheets and images by itself, once', () => {
    expect(planReloads(changes('change a.css', 'change b.PNG', 'change a.css'))).toEqual([
      inPage('a.css'),
      inPage('b.PNG'),
    ]);
  });

  it('tells apart names that are not UTF-8 and look the same', () => {
    const gone = { event: 'unlink', path: '\ufffd.css', pathBytes: '/i5jc3M=', kind: 'file' } as const;
    const come = { event: 'add', path: '\ufffd.css', pathBytes: '/y5jc3M=', kind: 'file' } as const;
    expect(planReloads([gone, come])).toEqual([wholePage('\ufffd.css')]);
    expect(planReloads([gone, { ...come, pathBytes: gone.pathBytes }])).toEqual([inPage('\ufffd.css')]);
  });

  it('one reload for more than a few', () => {
    const many = Array.from({ length: 9 }, (_, index) => `change ${index}.css`);
    expect(planReloads(changes(...many))).toEqual([wholePage('8.css')]);
  });

  it('the whole page for a style sheet that is new or gone, but not for one that was saved by way of both', () => {
    expect(planReloads(changes('add a.css', 'change a.css'))).toEqual([wholePage('a.css')]);
    expect(planReloads(changes('unlink a.css'))).toEqual([wholePage('a.css')]);
    expect(planReloads(changes('unlink a.css', 'add a.css'))).toEqual([inPage('a.css')]);
  });

  it('nothing for directories and source maps', () => {
    expect(planReloads(changes('addDir d', 'unlinkDir e', 'add a.js.map', 'change a.css.map'))).toEqual([]);
  });
});

it.each<[string, boolean]>([
  ['index.html', false],
  ['a/b~c.js', false],
  ['.env', true],
  ['a/.cache/b.js', true],
  ['a/.b.html.swp', true],
  ['b.html~', true],
  ['a/#b.html#', true],
  ['a/4913', true],
])('%s is private: %s', (path, isPrivate) => {
  expect(isPrivatePath(path)).toBe(isPrivate);
});
