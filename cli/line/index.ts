// The command line: what a command is made of, and how its words are read.

export { agentdFlags } from './agentd-flags.ts';
export { type Command, type CommandContext, defineCommand, type PreparedCommand } from './command.ts';
export { parseCommandLine } from './command-line.ts';
export { commonFlags } from './common-flags.ts';
export { forEachOperand, withHint } from './each-operand.ts';
export { completesByName, type FlagWord, flagWords, passedFlags } from './flag-words.ts';
export { commandHelp, programHelp } from './usage.ts';
