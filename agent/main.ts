#!/usr/bin/env node
// agentd: flags → configuration → agent → signals.
import { setFlagsFromString } from 'node:v8';
import { helpText } from '../shared/flags/index.ts';
import {
  DevagentError,
  ensurePrivateDirectory,
  instancePaths,
  requirePrivateDirectory,
  TextWriter,
  UsageError,
  version,
} from '../shared/index.ts';
import { Agent } from './agent.ts';
import { agentdHelp, parseConfig, reportConfig } from './config/index.ts';
import { createLog, type Log } from './log/index.ts';

const exitCodes = { done: 0, failed: 1, usage: 2, crashed: 70 } as const;

// V8's young generation stays as small as it is by now. By its own measure it would grow to 16 MiB a half
// during the first crawl, and never shrink while anything happens. What the agent keeps lives long and what
// it drops is dropped at once, so that collecting more often costs no time that bench:watch or bench:fanout
// would show.
setFlagsFromString('--semi-space-growth-factor=1');

async function main(): Promise<number> {
  const configuration = await parseConfig(process.argv.slice(2), process.env, process.cwd());
  if (configuration === 'help') {
    new TextWriter(process.stdout).block(await helpText(agentdHelp, process.stdout.columns));
    return exitCodes.done;
  }
  if (configuration === 'version') {
    new TextWriter(process.stdout).line(version());
    return exitCodes.done;
  }
  const { config } = configuration;
  const paths = instancePaths(config.name);
  const logFile = config.logFile ?? paths.logFile;
  if (configuration.showConfig) {
    new TextWriter(process.stdout).json(JSON.stringify(reportConfig(configuration, logFile)));
    return exitCodes.done;
  }
  process.title = 'agentd';
  // Before anything is written, the log included.
  requirePrivateDirectory(paths.runtime, 'runtime');
  ensurePrivateDirectory(paths.state, 'state');
  const log = createLog({ level: config.logLevel, file: logFile });
  for (const warning of configuration.warnings) log.warn('config file passed over', { why: warning });
  const agent = new Agent(config, paths, log);
  onCrash(log, () => agent.abandon());
  void onSignals(log, () => agent.abandon()).then((signal) => agent.stop(signal));
  try {
    await agent.start();
    await agent.stopped;
    if (agent.failure !== undefined) throw agent.failure;
    return exitCodes.done;
  } finally {
    await log.close();
  }
}

/** Resolves with the first signal that asks the process to end; the second ends it at once. */
function onSignals(log: Log, cleanUp: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) {
          log.warn('ending at once', { signal });
          cleanUp();
          process.exit(signal === 'SIGINT' ? 130 : 143);
        }
        asked = true;
        resolve(signal);
      });
    }
  });
}

/** A daemon that goes on after an error nobody foresaw is worse than none. */
function onCrash(log: Log, cleanUp: () => void): void {
  process.on('uncaughtException', (error, origin) => {
    log.error('crashed', { origin, error });
    cleanUp();
    void log.close().finally(() => process.exit(exitCodes.crashed));
  });
}

// Whoever started the agent may have gone, and its end of the pipe with it.
process.stderr.on('error', () => {});

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const stderr = new TextWriter(process.stderr);
    if (error instanceof UsageError) {
      const remedy = error.hint ?? 'See agentd --help.';
      for (const line of [...`agentd: ${error.message}`.split('\n'), remedy]) stderr.line(line);
      process.exitCode = exitCodes.usage;
    } else if (error instanceof DevagentError) {
      stderr.line(`agentd: ${error.message}`);
      process.exitCode = error.code === 'bad_name' ? exitCodes.usage : exitCodes.failed;
    } else {
      stderr.block(`agentd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      process.exitCode = exitCodes.crashed;
    }
  },
);
