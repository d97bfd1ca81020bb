// The flags that go with every command.
import { defaultName } from '../shared/index.ts';
import { type FlagTable, switchFlag, textFlag } from './flags.ts';

export const commonFlags = {
  name: textFlag(`Which agent, by its name (default: AGENT_NAME, else "${defaultName}")`),
  json: switchFlag('Print JSON'),
  help: switchFlag('Show help', 'h'),
  version: switchFlag('Show the version'),
} as const satisfies FlagTable;
