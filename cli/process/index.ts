// process/: the agent as a process in the background: started, one at a time, stopped, and its log read.
// It is imported when a command needs it: most find an agent that runs.
export { checkSettings, launchAgent } from './launch.ts';
export { parseLogLine } from './log-entry.ts';
export { LogReader } from './log-reader.ts';
export { waitUntilReady } from './ready.ts';
export { describeEnding, endAgent, findAgent } from './shut-down.ts';
export { systemdUnitOf } from './systemd-unit.ts';
