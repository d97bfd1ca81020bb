// The configuration laid open: each setting with its value and its source.
import type { ConfigReport, ShownSetting } from '../../shared/index.ts';
import type { Config, Configuration } from './config.ts';
import { type SettingKey, settingKeys } from './settings.ts';

/** The settings by the names that they have in the config file. */
function valuesOf(config: Config, logFile: string): Record<SettingKey, ShownSetting['value']> {
  return {
    backend: config.backend,
    settle: config.settleMs,
    ignore: config.ignore,
    gitignore: config.gitignore,
    host: config.host,
    port: config.port,
    allowHost: config.allowHost,
    allowOrigin: config.allowOrigin,
    allowRemote: config.allowRemote,
    livereload: config.liveReload !== undefined,
    livereloadPort: config.liveReload?.port ?? null,
    livereloadMatch: config.liveReload?.match ?? [],
    name: config.name,
    journalBytes: config.journalBytes,
    store: config.store,
    logLevel: config.logLevel,
    logFile,
    idleExit: config.idleExitMs ?? null,
  };
}

/**
 * Tells each setting and where it comes from.
 * @param logFile where the agent logs
 */
export function reportConfig(configuration: Configuration, logFile: string): ConfigReport {
  const { config, readings, rootsGiven, file, warnings } = configuration;
  const values = valuesOf(config, logFile);
  return {
    roots: config.roots,
    rootsGiven,
    file: file ?? null,
    settings: settingKeys.map((key) => {
      const reading = readings.findLast((each) => each.key === key);
      const origin =
        reading === undefined
          ? { source: 'default' as const, from: null }
          : { source: reading.source, from: reading.place };
      return { key, value: values[key], ...origin };
    }),
    warnings,
  };
}
