// agent-cli without a process of its own, which takes a fifth of a second to start: for what depends on nothing but
// the command line. Errors of sockets and files are of another realm inside jest, and are not recognized here.
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Signals } from '../../cli/outcome/index.ts';
import { run } from '../../cli/program.ts';
import { Output } from '../../cli/screen/index.ts';
import type { CliResult } from './agent.ts';

let signals: Signals | undefined;

/**
 * Runs a command line that is wrong, or asks for help.
 * @param env all that it sees of the environment
 */
export async function runCliHere(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliResult> {
  signals ??= new Signals();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const printed = Promise.all([text(stdout), text(stderr)]);
  const output = new Output(stdout, stderr, env);
  const code = await run(words, { output, signals, env, terminalColumns: undefined });
  stdout.end();
  stderr.end();
  const [out, said] = await printed;
  return { code: code ?? null, signal: null, stdout: out, stderr: said };
}
