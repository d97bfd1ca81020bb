import { describe, expect, it } from '@jest/globals';
import displayWidth from './display-width.ts';

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['naïve', 5],
    ['nai\u0308ve', 5],
    ['文件.ts', 7],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['😀', 2],
    ['🇫🇷', 2],
    ['𗀀', 2],
    ['☰', 2],
    ['a\u200bb', 2],
  ])('%j takes %i columns', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});
