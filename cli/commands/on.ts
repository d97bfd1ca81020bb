import { choiceFlag, durationFlag, listFlag, switchFlag } from '../../shared/flags/index.ts';
import { UsageError } from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import type { CommandLine } from '../on/index.ts';
import { programName } from '../outcome/index.ts';
import { startFlags } from '../start/index.ts';
import { ignoredFlag } from './stream-flags.ts';

/** As the agent settles already, this is for those who change several files one after the other. */
const defaultDebounceMs = 50;
/** Long enough for a server to close its connections. */
const defaultKillAfterMs = 5_000;
/** Longer than anybody waits, and far below where timers overflow. */
const longestMs = 24 * 3_600_000;

const details = [
  'A single CMD is a line for the shell (sh -c), several words are a program with its arguments.',
  'GLOB is relative to the current directory; a path stands for itself and all that is in it, !GLOB leaves out. ' +
    'It may lead elsewhere, as ../lib or a symbolic link does: the link is followed, and turning it runs CMD, too. ' +
    'Quote it, or the shell puts the files of now in its place. What git ignores, and node_modules, is not watched, ' +
    'unless a GLOB names it, as dist, or --ignored asks for all of it. ' +
    'Swap files, locks and backups of editors start nothing, unless a GLOB is such a name, as *~. ' +
    'What the agent does not watch yet, it does from now on.',
  'CMD gets AGENT_CHANGED, the paths that changed since its last start, one a line, as many as fit in 64 KiB; ' +
    'AGENT_CHANGED_COUNT, how many they are; and AGENT_EVENT_CURSOR, for tail --since. ' +
    'Its standard input is empty but with --stdin or --interactive. It runs in a session of its own, away from ' +
    "the terminal's keys; what it leaves in its process group is ended with it, also when agent-cli is killed.",
  'What CMD itself changes runs it again, at most 5 times in a row: then it is held until something changes ' +
    'while it does not run (with --busy restart: 2 s or more after its start).',
  'Ctrl-C goes to CMD, a second one kills it. The exit code then is that of the last run, as a shell has it ' +
    '(130 for one that Ctrl-C ended), and 130 if there was none; 143 after SIGTERM, 129 after SIGHUP.',
  'As the first process of a container it does not collect ended processes that CMD left behind: ' +
    'give the container an init, as docker run --init does.',
].join('\n\n');

/** @throws UsageError when nothing is to be run, or both ways of running it are asked for */
function commandLine(words: readonly string[], flags: { shell: boolean; noShell: boolean }): CommandLine {
  if (words.length === 0 || words[0] === '') {
    throw new UsageError(
      'there is no command to run',
      `put it after --, as in: ${programName} on 'src/**' -- make`,
    );
  }
  if (flags.shell && flags.noShell) {
    throw new UsageError('--shell and --no-shell exclude each other: give one of them');
  }
  return { words, shell: flags.shell || (words.length === 1 && !flags.noShell) };
}

export const on = defineCommand({
  name: 'on',
  operands: 'GLOB...',
  trailing: 'CMD...',
  summary: 'Run a command when files change or messages come',
  details,
  examples: [
    [`agent-cli on 'src/**' -- make`, 'run make after each change in src'],
    [`agent-cli on --initial --busy restart src -- node server.js`, 'keep a server up to date'],
    [`agent-cli on '*.md' -- 'pandoc README.md | wc -w'`, 'run a line of the shell'],
    [`agent-cli on 'src/**' '!src/gen' --stdin -- jq -r .path`, 'give it the changes as lines of JSON'],
    ['agent-cli on --topic deploy.> -- ./deploy.sh', 'run it for messages'],
  ],
  flags: {
    busy: choiceFlag(
      'On changes while CMD runs: one more run after it, or end it and run again, or nothing',
      ['queue', 'restart', 'ignore'],
    ),
    initial: switchFlag('Run CMD at the start, too'),
    debounce: durationFlag(
      `Run CMD when nothing has changed for this many ms (default ${defaultDebounceMs}); if the changes do not pause, after 2 s or 4 times as long`,
      0,
      longestMs,
    ),
    topic: listFlag('Run CMD for messages on this topic; may be given often, and with GLOBs'),
    ignore: listFlag('Not for paths that match this glob; may be given often'),
    ignored: ignoredFlag,
    stdin: switchFlag('Give CMD the changes and messages on its standard input, as lines of JSON'),
    interactive: switchFlag('Give CMD the standard input of agent-cli'),
    clear: switchFlag('Clear the terminal before each run'),
    shell: switchFlag('Take CMD for a line for the shell, also if it is several words'),
    'no-shell': switchFlag('Take CMD for a program, also if it is one word'),
    'kill-after': durationFlag(
      `How long CMD may take to end after SIGTERM or Ctrl-C until it is killed, as 500ms or 5s (default ${defaultKillAfterMs / 1_000}s)`,
      0,
      longestMs,
    ),
    ...startFlags,
  },
  async run(flags, globs, context, trailing) {
    const command = commandLine(trailing, { shell: flags.shell, noShell: flags['no-shell'] });
    if (globs.length === 0 && flags.topic.length === 0) {
      throw new UsageError('there is nothing to run it for', 'give a GLOB, or --topic TOPIC, before the --');
    }
    if (globs.length === 0 && flags.topic.includes('file')) {
      throw new UsageError('the topic file is that of file changes', 'give a GLOB in the place of it');
    }
    if (flags.stdin && flags.interactive) {
      throw new UsageError('--stdin and --interactive exclude each other: give one of them');
    }
    const { react } = await import('../on/index.ts');
    return react(context, {
      command,
      globs,
      ignore: flags.ignore,
      ignored: flags.ignored,
      topics: flags.topic,
      busy: flags.busy ?? 'queue',
      initial: flags.initial,
      debounceMs: flags.debounce ?? defaultDebounceMs,
      killAfterMs: flags['kill-after'] ?? defaultKillAfterMs,
      stdin: flags.stdin ? 'changes' : flags.interactive ? 'inherit' : 'none',
      clear: flags.clear,
      noStart: flags['no-start'],
    });
  },
});
