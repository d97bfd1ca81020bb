// The command line of agentd, read by yargs: flags become readings that the schema checks later, beside
// those of the environment and the config file.
import { Parser } from 'yargs/helpers';
import { withoutFlagTypes } from '../../shared/index.ts';
import {
  opposite,
  type Reading,
  type SettingKey,
  settingInfo,
  settingKeys,
  shown,
  UsageError,
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

/** A flag as help tells it. */
export interface FlagHelp {
  /** Without dashes. */
  readonly name: string;
  readonly alias?: string;
  readonly isSwitch: boolean;
  readonly group: string;
  /** With its default, where it has one. */
  readonly describe: string;
  /** The setting that it gives a value, where it is one. */
  readonly key?: SettingKey;
}

/** The flag of each setting, without dashes: `allow-host`, and `no-gitignore` for a negated switch. */
const flagNames: ReadonlyMap<SettingKey, string> = new Map(
  settingKeys.map((key) => {
    const name = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [key, settingInfo[key].negated ? `no-${name}` : name];
  }),
);
const switchNames: ReadonlySet<string> = new Set([
  'help',
  'version',
  'show-config',
  ...[...flagNames].filter(([key]) => settingInfo[key].kind === 'switch').map(([, flag]) => flag),
]);
const knownNames: ReadonlySet<string> = new Set([
  'h',
  'help',
  'version',
  'config',
  'show-config',
  ...flagNames.values(),
]);

/** What agentd says of itself, wherever that is shown: --help, docs/cli.md, its man page. */
export const commandLineHelp = {
  usage: 'agentd [DIR…]',
  summary:
    'Watches the directories (default: the current one) and tells every tool that subscribes what changes in them.',
  examples: [
    ['agentd', 'watch the current directory'],
    ['agentd web api --ignore "**/*.log"', 'watch two directories, but no log files in them'],
    ['agentd --name ci --port 0', 'run a second agent, on any free port'],
  ],
  environment:
    'Every flag but --help, --version and --show-config has an environment twin: AGENT_PORT=0, AGENT_ALLOW_HOST=a,b, AGENT_NO_GITIGNORE=1.',
} as const;

/** Every flag of agentd, in the order of help. */
export function flagsOfHelp(): FlagHelp[] {
  const settings = [...flagNames].map(([key, name]): FlagHelp => {
    const { kind, group, describe, fallback } = settingInfo[key];
    return {
      name,
      isSwitch: kind === 'switch',
      group,
      describe: fallback === undefined ? describe : `${describe} (default: ${fallback})`,
      key,
    };
  });
  const group = 'Process';
  return [
    ...settings,
    {
      name: 'config',
      isSwitch: false,
      group,
      describe: 'JSON file of settings, by flag in camelCase (default: agent.config.json in the first DIR)',
    },
    {
      name: 'show-config',
      isSwitch: true,
      group,
      describe: 'print each setting and where it comes from, as JSON, and start nothing',
    },
    { name: 'version', isSwitch: true, group, describe: 'print the version' },
    { name: 'help', alias: 'h', isSwitch: true, group, describe: 'print this' },
  ];
}

/**
 * Reads the arguments after the script's name.
 * @returns what they say, or the text of `--help`, or that `--version` was asked for
 * @throws UsageError for an unknown flag, or a switch that is given something else than true or false
 */
export async function readCommandLine(
  argv: readonly string[],
): Promise<CommandLine | { help: string } | { version: true }> {
  const found = Parser.detailed(prepareArguments(argv), parserOptions());
  if (found.error !== null) throw new UsageError(found.error.message);
  const { _: directories, ...flags } = found.argv;
  refuseUnknownFlags(Object.keys(flags));
  if (flags['help'] === true) return { help: await helpText() };
  if (flags['version'] === true) return { version: true };

  const readings: Reading[] = [];
  for (const [key, flag] of flagNames) {
    const value = flags[flag];
    if (value === undefined) continue;
    readings.push({ key, source: 'flag', place: `--${flag}`, value: valueOfFlag(key, value) });
  }
  return {
    directories: directories.map(String),
    configFile: lastText(flags['config']),
    showConfig: lastOf(flags['show-config']) === true,
    readings,
  };
}

/** Values stay the text that was typed: what they must be, the schema says for every source alike. */
const parserConfiguration = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
} as const;

/** For yargs's parser alone: the rest of yargs lays out help, and loading it takes a tenth of a start. */
function parserOptions() {
  const flags = flagsOfHelp();
  const named = (isSwitch: boolean): string[] =>
    flags.filter((flag) => flag.isSwitch === isSwitch).map(({ name }) => name);
  const aliases = flags.flatMap(({ name, alias }) => (alias === undefined ? [] : [[name, alias]]));
  return {
    alias: Object.fromEntries(aliases),
    boolean: named(true),
    string: named(false),
    configuration: parserConfiguration,
  };
}

async function helpText(): Promise<string> {
  const { default: yargs } = await import('yargs');
  const parser = yargs([])
    .scriptName('agentd')
    .usage(`${commandLineHelp.usage}\n\n${commandLineHelp.summary}`)
    .help(false)
    .version(false)
    .detectLocale(false);
  for (const { name, alias, isSwitch, group, describe } of flagsOfHelp()) {
    parser.option(name, {
      type: isSwitch ? 'boolean' : 'string',
      group: `${group}:`,
      describe,
      ...(alias === undefined ? {} : { alias }),
    });
  }
  for (const [line, effect] of commandLineHelp.examples) parser.example(line, effect);
  return withoutFlagTypes(await parser.epilogue(commandLineHelp.environment).wrap(100).getHelp());
}

/**
 * Prepares the arguments for yargs, which takes `--switch=1` and any other text for false (here 1 and 0 work
 * and the rest is refused), and which throws a TypeError for `--constructor` and its like.
 */
function prepareArguments(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((argument, index) => {
    const [, flag = '', text] = /^--?([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (index > end) return argument;
    if (Object.hasOwn(Object.prototype, flag)) refuseUnknownFlags([flag]);
    if (text === undefined || !switchNames.has(flag)) return argument;
    const value = valueOfText('switch', text);
    if (typeof value === 'boolean') return `--${flag}=${value}`;
    throw new UsageError(`--${flag}: expected true or false, got ${shown(text)}`);
  });
}

/** yargs has a strict mode too, but calls flags by their bare names there. */
function refuseUnknownFlags(names: readonly string[]): void {
  const unknown = names.filter((name) => !knownNames.has(name));
  if (unknown.length === 0) return;
  const flags = unknown.map((name) => (name.length === 1 ? `-${name}` : `--${name}`)).join(', ');
  throw new UsageError(`unknown flag ${flags}: expected one of those that agentd --help lists`);
}

/** A flag without a value arrives as empty text, and a repeated one as a list. */
function valueOfFlag(key: SettingKey, value: unknown): unknown {
  const { kind, negated } = settingInfo[key];
  if (kind === 'list') return [value].flat();
  if (kind !== 'switch') return valueOfText(kind, lastText(value) ?? '');
  const last = lastOf(value);
  return negated ? opposite(last) : last;
}

/** The last one counts, so that a flag in a shell's alias can be overridden. */
function lastOf(value: unknown): unknown {
  return Array.isArray(value) ? value.at(-1) : value;
}

function lastText(value: unknown): string | undefined {
  const last = lastOf(value);
  return last === undefined ? undefined : String(last);
}
