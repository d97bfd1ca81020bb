import { describe, expect, it } from '@jest/globals';
import { helpText } from '../../shared/flags/index.ts';
import { commandHelp } from '../line/index.ts';
import { commands } from './index.ts';

describe('help', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s fits a terminal of 80 columns',
    async (_name, command) => {
      const help = await helpText(commandHelp(command), 80);
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );
});
