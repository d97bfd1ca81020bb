// The command line of agentd: flags become readings that the schema checks later, beside those of the environment
// and the config file.
import {
  type Flag,
  type FlagTable,
  type HelpPage,
  listFlag,
  programFlags,
  readFlags,
  readWords,
  switchFlag,
  textFlag,
} from '../../shared/flags/index.ts';
import {
  opposite,
  type Reading,
  type SettingKey,
  settingInfo,
  settingKeys,
  valueOfText,
} from './settings.ts';

/** What a command line says, its values not yet checked. */
export interface CommandLine {
  /** As typed. */
  readonly directories: readonly string[];
  /** `--config`, as typed. */
  readonly configFile: string | undefined;
  /** `--show-config`. */
  readonly showConfig: boolean;
  readonly readings: readonly Reading[];
}

/** The flag of each setting, without dashes: `allow-host`, and `no-gitignore` for a negated switch. */
const flagNames: ReadonlyMap<SettingKey, string> = new Map(
  settingKeys.map((key) => {
    const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [key, settingInfo[key].negated ? `no-${name}` : name];
  }),
);

/** Values stay the text that was typed: what they must be, the schema says for every source alike. */
function flagOf(key: SettingKey): Flag<unknown> {
  const { kind, describe, fallback, words } = settingInfo[key];
  const description = fallback === undefined ? describe : `${describe} (default: ${fallback})`;
  if (kind === 'switch') return switchFlag(description);
  return kind === 'list' ? listFlag(description) : textFlag(description, words);
}

function flagsOf(heading: string): FlagTable {
  const settings = [...flagNames].filter(([key]) => settingInfo[key].group === heading);
  return Object.fromEntries(settings.map(([key, name]) => [name, flagOf(key)]));
}

/** The flags that are no settings. */
const ownFlags = {
  config: textFlag(
    'JSON file of settings, by flag in camelCase (default: agent.config.json in the first DIR)',
  ),
  'show-config': switchFlag('print each setting and where it comes from, as JSON, and start nothing'),
  ...programFlags,
} as const;

/** What agentd says of itself, wherever that is shown: --help, docs/cli.md, its man page. */
export const agentdHelp: HelpPage = {
  name: 'agentd',
  usage: 'agentd [DIR…]',
  summary:
    'Watches the directories (default: the current one) and tells every tool that subscribes what changes in them.',
  groups: [
    ...['Watching', 'Network', 'LiveReload'].map((heading) => ({ heading, flags: flagsOf(heading) })),
    { heading: 'Process', flags: { ...flagsOf('Process'), ...ownFlags } },
  ],
  examples: [
    ['agentd', 'watch the current directory'],
    ['agentd web api --ignore "**/*.log"', 'watch two directories, but no log files in them'],
    ['agentd --name ci --port 0', 'run a second agent, on any free port'],
  ],
  epilogue:
    'Every flag but --help, --version and --show-config has an environment twin: AGENT_PORT=0, AGENT_ALLOW_HOST=a,b, AGENT_NO_GITIGNORE=1.',
};

/** Every flag of agentd, by name. */
export const agentdFlags: FlagTable = Object.assign({}, ...agentdHelp.groups.map(({ flags }) => flags));

/**
 * Reads the arguments after the script's name.
 * @returns what they say, or which flag was given that asks for a text and no agent
 * @throws UsageError for an unknown flag, one without its value, or a switch that is given something else than true
 *   or false
 */
export function readCommandLine(argv: readonly string[]): CommandLine | 'help' | 'version' {
  const { given, operands, trailing } = readWords(argv, agentdFlags, 'agentd');
  const own = readFlags(ownFlags, given);
  if (own.help) return 'help';
  if (own.version) return 'version';

  const readings: Reading[] = [];
  for (const [key, flag] of flagNames) {
    const texts = given.get(flag);
    if (texts === undefined) continue;
    const value = agentdFlags[flag]?.read(flag, texts);
    readings.push({ key, source: 'flag', place: `--${flag}`, value: meantBy(key, value) });
  }
  return {
    directories: [...operands, ...trailing],
    configFile: own.config,
    showConfig: own['show-config'],
    readings,
  };
}

function meantBy(key: SettingKey, value: unknown): unknown {
  const { kind, negated } = settingInfo[key];
  if (typeof value === 'string') return valueOfText(kind, value);
  return negated ? opposite(value) : value;
}
