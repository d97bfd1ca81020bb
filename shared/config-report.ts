// What `agentd --show-config` prints and `agent-cli config` lays out.

/** Where a setting's value comes from; each beats those after it. */
export type SettingSource = 'flag' | 'variable' | 'file' | 'default';

/** One setting as the agent would run with it. */
export interface ShownSetting {
  /** As in the config file. */
  key: string;
  /** Null for one that is off unless it is set. */
  value: string | number | boolean | readonly string[] | null;
  source: SettingSource;
  /** Which flag, variable or file; null for a default. */
  from: string | null;
}

/** The configuration of an agent, and how it came about. */
export interface ConfigReport {
  /** Absolute. */
  roots: readonly string[];
  /** False when no directory was named, and the current one is watched. */
  rootsGiven: boolean;
  /** The config file that was read: one that was asked for, or the first root's. */
  file: { path: string; named: boolean } | null;
  settings: readonly ShownSetting[];
  warnings: readonly string[];
}
