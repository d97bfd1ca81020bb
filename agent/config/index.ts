// What can be configured, and where it comes from: flags, variables, the config file, defaults.
export { type Config, parseConfig } from './config.ts';
export { agentdFlags, agentdHelp } from './flags.ts';
export { reportConfig } from './report.ts';
export { type SettingKey, settingInfo, settingKeys, settingsSchema } from './settings.ts';
