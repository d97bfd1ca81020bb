#!/usr/bin/env node
// agent-cli: the agent from the shell.
import './removed-directory.ts';
import { exitCodes } from './exit-codes.ts';
import { exitWhenClosed, Output } from './output.ts';
import { run } from './program.ts';

const output = new Output(process.stdout, process.stderr);
exitWhenClosed(process.stdout, output);
// Nobody reads the notes: that must not change how the command ends.
process.stderr.on('error', () => {});

// Nothing here outlives the process, so a signal ends it at once.
process.once('SIGINT', () => process.exit(exitCodes.interrupted));
process.once('SIGTERM', () => process.exit(exitCodes.terminated));

// Not process.exit(): what stdout has not written yet would be cut off.
process.exitCode = await run(process.argv.slice(2), {
  output,
  env: process.env,
  terminalColumns: process.stdout.columns,
});
