// The log: events with fields, on standard error and in a file that is rotated.
export { createLog, type Log, type LogFields, type LogLevel } from './log.ts';
