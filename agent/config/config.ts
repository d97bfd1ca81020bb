// The configuration of agentd: flags, AGENT_ variables, the config file and defaults become one checked
// object. A flag beats a variable, a variable the file, and the file the default; every source is checked
// whole, so that a mistake is told even where something stronger overrides it.
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { types } from 'node:util';
import {
  defaultHost,
  defaultJournalBytes,
  defaultName,
  defaultPort,
  defaultSettleMs,
  isLoopbackHost,
  limits,
  readRegularFile,
  UnfitFileError,
  UsageError,
} from '../../shared/index.ts';
import type { LogLevel } from '../log/index.ts';
import { type CommandLine, readCommandLine } from './flags.ts';
import {
  labelOf,
  opposite,
  type Reading,
  type SettingKey,
  type Settings,
  settingInfo,
  settingKeys,
  settingsSchema,
  shown,
  valueOfText,
} from './settings.ts';

export type BackendChoice = NonNullable<Settings['backend']>;

/** Everything that agentd was told, complete and checked. */
export interface Config {
  /** Absolute, existing directories, each once; at least one. */
  roots: string[];
  name: string;
  host: string;
  port: number;
  /** Whether anybody chose the port: the default one gives way to a free one when it is taken. */
  portGiven: boolean;
  /** Lower case, without a port. */
  allowHost: string[];
  /** As browsers send them: lower case, without a default port. */
  allowOrigin: string[];
  allowRemote: boolean;
  backend: BackendChoice;
  settleMs: number;
  ignore: string[];
  gitignore: boolean;
  journalBytes: number;
  /** Whether events are kept on disk. */
  store: boolean;
  logLevel: LogLevel;
  /** Absolute. */
  logFile?: string;
  idleExitMs?: number;
  /** Absent where no page is told of anything. */
  liveReload?: {
    /** Beside the agent's own. */
    port?: number;
    /** Globs of paths that pages are told of; none for all that pages could be made of. */
    match: string[];
  };
  /** The flags as another start would have to be given them, in whatever directory; without the name. */
  args: string[];
}

/** The configuration, and how it came about. */
export interface Configuration {
  readonly config: Config;
  /** What was given, the stronger after the weaker; only {@link config} is normalized. */
  readonly readings: readonly Reading[];
  /** Whether the roots were named, rather than being the current directory. */
  readonly rootsGiven: boolean;
  /** The config file that was read; undefined when there is none. */
  readonly file: { readonly path: string; readonly named: boolean } | undefined;
  /** What is wrong without being a mistake. */
  readonly warnings: readonly string[];
  /** Whether the configuration is to be shown, and no agent started. */
  readonly showConfig: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads flags, variables and the config file. Prints nothing, and ends nothing.
 * @param argv the arguments after the script's name
 * @param env the environment; an empty variable counts as unset
 * @param cwd what relative paths are relative to; those in the config file are relative to the file
 * @returns the configuration, or which flag was given that asks for a text and no agent
 * @throws UsageError naming the flag, variable or key, what was given and what was expected
 */
export async function parseConfig(
  argv: readonly string[],
  env: Environment,
  cwd: string,
): Promise<Configuration | 'help' | 'version'> {
  const commandLine = readCommandLine(argv);
  if (typeof commandLine === 'string') return commandLine;

  const { directories, showConfig } = commandLine;
  const roots = await findRoots(directories, cwd);
  const named = commandLine.configFile ?? (env['AGENT_CONFIG'] || undefined);
  const path = named === undefined ? join(roots[0] ?? cwd, 'agent.config.json') : resolve(cwd, named);
  const file = readConfigFile(path, named !== undefined);
  const variables = readVariables(env);
  const [fromFile, fromVariables, fromFlags] = [file.readings, variables, commandLine.readings].map(check);
  if (fromFile?.logFile !== undefined) fromFile.logFile = resolve(dirname(path), fromFile.logFile);
  const settings: Settings = { ...fromFile, ...fromVariables, ...fromFlags };
  const readings = [...file.readings, ...variables, ...commandLine.readings];
  refuseRemoteHost(settings, readings);
  return {
    config: { ...complete(roots, settings, cwd), args: repeatable(commandLine, cwd) },
    readings,
    rootsGiven: directories.length > 0,
    file: file.found ? { path, named: named !== undefined } : undefined,
    warnings: file.warnings,
    showConfig,
  };
}

/** The directories to watch, absolute, each once. */
async function findRoots(directories: readonly string[], cwd: string): Promise<string[]> {
  const roots = (directories.length === 0 ? [cwd] : directories).map((directory) => {
    // Most likely a shell variable that is not set, and never meant as the current directory.
    if (directory === '') throw new UsageError('DIR: expected an existing directory, got nothing');
    return resolve(cwd, directory);
  });
  for (const root of roots) await requireDirectory(root);
  return [...new Set(roots)];
}

async function requireDirectory(root: string): Promise<void> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(root)).isDirectory();
  } catch (error) {
    const why =
      errorCode(error) === 'ENOENT' ? 'which does not exist' : `which can't be read (${reason(error)})`;
    throw new UsageError(`DIR: expected an existing directory, got ${root}, ${why}`, undefined, {
      cause: error,
    });
  }
  if (!isDirectory) throw new UsageError(`DIR: expected an existing directory, got ${root}, which is a file`);
}

/** AGENT_ variables; those that are no setting belong to other parts, or other programs. */
function readVariables(env: Environment): Reading[] {
  const readings: Reading[] = [];
  for (const key of settingKeys) {
    const { kind, negated } = settingInfo[key];
    const name = key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    const plain = env[`AGENT_${name}`];
    const no = negated ? env[`AGENT_NO_${name}`] : undefined;
    const found: Reading[] = [];
    const add = (place: string, value: unknown): void => {
      found.push({ key, source: 'variable', place, value });
    };
    if (plain) add(`AGENT_${name}`, valueOfText(kind, plain));
    if (no) add(`AGENT_NO_${name}`, opposite(valueOfText(kind, no)));
    if (found.length === 2 && found[0]?.value !== found[1]?.value) {
      throw new UsageError(
        `AGENT_${name}=${plain} and AGENT_NO_${name}=${no} contradict each other: unset one`,
      );
    }
    readings.push(...found);
  }
  return readings;
}

/** What a config file says. */
interface ConfigFile {
  readonly found: boolean;
  readonly readings: readonly Reading[];
  readonly warnings: readonly string[];
}

/**
 * Reads the config file at `path`.
 * @param named whether it was asked for: then it has to exist, and may set everything. One that only lies in
 *   the first root may be missing, and sets what can't harm whoever runs the agent in somebody else's directory.
 */
function readConfigFile(path: string, named: boolean): ConfigFile {
  let content: unknown;
  try {
    // Some editors begin files with a byte order mark, which JSON does not know.
    const { text } = readRegularFile(path, limits.settingsFileBytes, { follow: true });
    content = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const warnings = named ? undefined : whyPassedOver(path, error);
    if (warnings !== undefined) return { found: false, readings: [], warnings };
    if (error instanceof UnfitFileError) {
      throw new UsageError(`the config file ${path} ${error.message}`, undefined, { cause: error });
    }
    const what = error instanceof SyntaxError ? 'is not JSON' : "can't be read";
    throw new UsageError(`the config file ${path} ${what}: ${reason(error)}`, undefined, { cause: error });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new UsageError(
      `the config file ${path}: expected a JSON object of settings, got ${shown(content)}`,
    );
  }
  const readings: Reading[] = [];
  for (const [key, value] of Object.entries(content)) {
    // Tells editors what the file may hold, and the agent nothing.
    if (key === '$schema') continue;
    if (!isSettingKey(key)) {
      const known = settingKeys.join(', ');
      throw new UsageError(`unknown key ${shown(key)} in ${path}: expected one of ${known}, $schema`);
    }
    readings.push({ key, source: 'file', place: path, value });
  }
  if (!named) refuseUnnamed(readings, path);
  return { found: true, readings, warnings: [] };
}

/** What to say of a file in the first root that can't be read; undefined when that is a mistake. */
function whyPassedOver(path: string, error: unknown): string[] | undefined {
  switch (errorCode(error)) {
    case 'ENOENT':
      return [];
    case 'EACCES':
    case 'EPERM':
      return [`no config file is read, for ${path} can't be looked at: ${reason(error)}`];
    default:
      return undefined;
  }
}

/** A repository that was cloned brings its config file along, and with it must not open this machine to others. */
function refuseUnnamed(readings: readonly Reading[], path: string): void {
  const refused = readings.filter(({ key }) => settingInfo[key].unnamedFile === undefined);
  refuseLarge(readings, path);
  if (refused.length === 0) return;
  const taken = settingKeys.filter((key) => settingInfo[key].unnamedFile !== undefined);
  const lines = refused.map(
    (reading) =>
      `${labelOf(reading)}: expected only ${taken.join(', ')} in a config file that was not asked for, because it may have come with the directory: if you trust it, name it with --config ${path}, or set this one by a flag or variable`,
  );
  throw new UsageError(lines.join('\n'));
}

function refuseLarge(readings: readonly Reading[], path: string): void {
  const lines = readings.flatMap((reading) => {
    const { unnamedMost } = settingInfo[reading.key];
    if (unnamedMost === undefined || typeof reading.value !== 'number' || reading.value <= unnamedMost)
      return [];
    return `${labelOf(reading)}: expected at most ${unnamedMost} in a config file that was not asked for, because it may have come with the directory: if you trust it, name it with --config ${path}, or set this one by a flag or variable`;
  });
  if (lines.length > 0) throw new UsageError(lines.join('\n'));
}

function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settingInfo, key);
}

/** The settings of one source, checked and normalized. */
function check(readings: readonly Reading[]): Settings {
  const result = settingsSchema.safeParse(Object.fromEntries(readings.map(({ key, value }) => [key, value])));
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const [key, index] = issue.path;
    const reading = readings.find((candidate) => candidate.key === key);
    if (reading === undefined) throw result.error; // no issue is possible without a reading
    // Said by a check that knows more than what kind of value is expected.
    if (issue.code === 'custom' && issue.params?.['says'] === 'all') {
      return `${labelOf(reading)}: ${issue.message}`;
    }
    const { kind, expected } = settingInfo[reading.key];
    const inList = typeof index === 'number' && Array.isArray(reading.value);
    const wanted = kind === 'list' && !inList ? `a list, each item ${expected}` : expected;
    return `${labelOf(reading)}: expected ${wanted}, got ${shown(inList ? reading.value[index] : reading.value)}`;
  });
  throw new UsageError(lines.join('\n'), undefined, { cause: result.error });
}

/** Listening for other machines takes two settings, so that no slip of the keyboard opens the agent to a network. */
function refuseRemoteHost(settings: Settings, readings: readonly Reading[]): void {
  const { host, allowRemote } = settings;
  if (host === undefined || allowRemote || isLoopbackHost(host)) return;
  const reading = readings.findLast(({ key }) => key === 'host');
  if (reading === undefined) return; // no host is possible without a reading
  throw new UsageError(
    `${labelOf(reading)}: expected a loopback address (${defaultHost}, ::1 or localhost), got ${shown(host)}, which other machines can reach: add --allow-remote if they shall`,
  );
}

function complete(roots: string[], settings: Settings, cwd: string): Omit<Config, 'args'> {
  const { logFile, idleExit, livereloadPort, livereloadMatch } = settings;
  // Who asks for the port or names the files wants it; one who says false does not.
  const wantsLiveReload =
    settings.livereload ?? (livereloadPort !== undefined || livereloadMatch !== undefined);
  return {
    roots,
    name: settings.name ?? defaultName,
    host: settings.host ?? defaultHost,
    port: settings.port ?? defaultPort,
    portGiven: settings.port !== undefined,
    allowHost: settings.allowHost ?? [],
    allowOrigin: settings.allowOrigin ?? [],
    allowRemote: settings.allowRemote ?? false,
    backend: settings.backend ?? 'auto',
    settleMs: settings.settle ?? defaultSettleMs,
    ignore: settings.ignore ?? [],
    gitignore: settings.gitignore ?? true,
    journalBytes: settings.journalBytes ?? defaultJournalBytes,
    store: settings.store ?? true,
    logLevel: settings.logLevel ?? 'info',
    ...(logFile === undefined ? {} : { logFile: resolve(cwd, logFile) }),
    ...(idleExit === undefined ? {} : { idleExitMs: idleExit }),
    ...(wantsLiveReload
      ? {
          liveReload: {
            ...(livereloadPort === undefined ? {} : { port: livereloadPort }),
            match: livereloadMatch ?? [],
          },
        }
      : {}),
  };
}

/** The flags of a command line whose values were found good, each as `--flag=value`. */
function repeatable({ readings, configFile }: CommandLine, cwd: string): string[] {
  const args = readings.flatMap(({ key, place, value }) => {
    if (key === 'name') return [];
    if (key === 'logFile') return [`${place}=${resolve(cwd, String(value))}`];
    const said = settingInfo[key].negated ? opposite(value) : value;
    return [said].flat().map((item) => `${place}=${item}`);
  });
  return configFile === undefined ? args : [...args, `--config=${resolve(cwd, configFile)}`];
}

function errorCode(error: unknown): unknown {
  return types.isNativeError(error) && 'code' in error ? error.code : undefined;
}

function reason(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}
