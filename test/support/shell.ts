// Shells that complete command lines, as people have them: from Debian, and at a terminal where that matters.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { binaries } from './agent.ts';
import { cleanUpWith, temporaryDirectory } from './cleanup.ts';
import { findProgram } from './find-program.ts';
import { until } from './wait.ts';

export type ShellName = 'bash' | 'zsh' | 'fish';

/** An environment in which both programs are on the path, and nobody's own set-up is read. */
export function shellEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const programs = temporaryDirectory();
  symlinkSync(binaries.cli, join(programs, 'agent-cli'));
  symlinkSync(binaries.agentd, join(programs, 'agentd'));
  symlinkSync(binaries.devagent, join(programs, 'devagent'));
  const path = [programs, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const home = temporaryDirectory();
  return { PATH: path, HOME: home, TERM: 'dumb', LANG: 'C.UTF-8', ...env };
}

/** Runs a script in a shell without anybody's set-up, and gives all that it printed, errors too. */
export async function runShell(
  shell: ShellName,
  script: string,
  args: readonly string[],
  options: { env: Readonly<Record<string, string>>; cwd?: string },
): Promise<string> {
  const flags = { bash: ['--norc', '--noprofile', '-c'], zsh: ['-f', '-c'], fish: ['--no-config', '-c'] };
  const name = shell === 'fish' ? [] : [shell];
  const child = spawn(shell, [...flags[shell], script, ...name, ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanUpWith(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await once(child, 'close');
  return output;
}

/** What a shell at a terminal is told first: the three programs write down their words instead of running. */
const setUps: Readonly<Record<ShellName, string>> = {
  bash: `source <(agent-cli completion bash); bind 'set bell-style none'
agent-cli() { printf '<%s>' "$@" >>"$WORDS"; echo >>"$WORDS"; }; agentd() { agent-cli "$@"; }; devagent() { agent-cli "$@"; }
`,
  zsh: `autoload -Uz compinit; compinit -u -D; source <(command agent-cli completion zsh)
agent-cli() { printf '<%s>' "$@" >>"$WORDS"; echo >>"$WORDS"; }; agentd() { agent-cli "$@"; }; devagent() { agent-cli "$@"; }
`,
  fish: `agent-cli completion fish | source
function agent-cli; printf '<%s>' $argv >>$WORDS; echo >>$WORDS; end; function agentd; agent-cli $argv; end; function devagent; agent-cli $argv; end
`,
};

/** A shell at a terminal. */
export interface TerminalShell {
  /** What the terminal showed so far. */
  readonly shown: () => string;
  /**
   * Types a command line of agent-cli or agentd, TAB included, and Enter.
   * @returns its words as the shell gives them to the program, as in `<tail><--root><my dir>`
   */
  run(line: string): Promise<string>;
  /** Types and does not wait. */
  type(text: string): void;
}

/** Whether a terminal can be made here. */
export const terminalProgram = findProgram('script');

/** Starts a shell at a terminal, with completion loaded. */
export async function startTerminalShell(
  shell: ShellName,
  options: { env: Readonly<Record<string, string>>; cwd?: string },
): Promise<TerminalShell> {
  const file = join(temporaryDirectory(), 'words');
  const flags = { bash: '--norc --noprofile', zsh: '-f', fish: '--no-config' };
  const child = spawn('script', ['-qec', `exec ${shell} ${flags[shell]} -i`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
    env: { ...options.env, WORDS: file, TERM: 'xterm' },
  });
  const exited = once(child, 'close');
  cleanUpWith(async () => {
    child.stdin.end();
    child.kill('SIGKILL');
    await exited;
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  child.stdin.on('error', () => {});
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
  const run = async (line: string): Promise<string> => {
    const before = lines().length;
    child.stdin.write(`${line}\n`);
    return until(
      () => `the words of ${line}; the terminal shows ${shown.slice(-2000)}`,
      () => lines()[before],
    );
  };
  child.stdin.write(setUps[shell]);
  await run('agent-cli ready');
  return { shown: () => shown, run, type: (text) => void child.stdin.write(text) };
}
