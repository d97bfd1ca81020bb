// What can be configured, and where it comes from: flags, variables, the config file, defaults.
export { type Config, parseConfig, UsageError } from './config.ts';
export { commandLineHelp, type FlagHelp, flagsOfHelp } from './flags.ts';
export { reportConfig } from './report.ts';
export { type SettingKey, settingInfo, settingKeys, settingsSchema } from './settings.ts';
