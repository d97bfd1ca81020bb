// The flags that go with every command.
import { type FlagTable, programFlags, switchFlag, textFlag } from '../../shared/flags/index.ts';
import { defaultName } from '../../shared/index.ts';

export const commonFlags = {
  name: textFlag(`Which agent, by its name (default: AGENT_NAME, else "${defaultName}")`),
  json: switchFlag('Print JSON'),
  ...programFlags,
} as const satisfies FlagTable;
