import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../command-line.ts';
import { commands } from './index.ts';

describe('help', () => {
  it.each(commands.map(({ name }) => name))('of %s fits a terminal of 80 columns', async (name) => {
    const { help = '' } = await parseCommandLine([name, '--help'], commands, 80);
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
