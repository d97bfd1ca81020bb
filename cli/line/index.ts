// The command line: what a command is made of, and how its words are read.

export { type Command, type CommandContext, defineCommand, type PreparedCommand } from './command.ts';
export { parseCommandLine } from './command-line.ts';
export { commonFlags } from './common-flags.ts';
export { forEachOperand, withHint } from './each-operand.ts';
export { commandHelp, programHelp } from './usage.ts';
