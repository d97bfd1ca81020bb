#!/usr/bin/env node
// agent-cli: the agent from the shell.
import './removed-directory.ts';
import { Signals } from './outcome/index.ts';
import { run } from './program.ts';
import { exitWhenClosed, Output } from './screen/index.ts';

const output = new Output(process.stdout, process.stderr);
exitWhenClosed(process.stdout, output);
// Nobody reads the notes: that must not change how the command ends.
process.stderr.on('error', () => {});
const signals = new Signals();

async function main(): Promise<void> {
  // Not process.exit(): what stdout has not written yet would be cut off.
  const exitCode = await run(process.argv.slice(2), {
    output,
    signals,
    env: process.env,
    terminalColumns: process.stdout.columns,
  });
  if (exitCode !== undefined) process.exitCode = exitCode;
}

// No await: this is built as a CommonJS module, which can't.
void main();
