// A recipe of examples/, copied into a project of its own where everything that it names is installed, and run by
// the commands of its README.
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackgroundPlace, backgroundPlace } from './background.ts';
import { cleanUpWith } from './cleanup.ts';
import { CliProcess } from './cli-process.ts';
import { shellEnv } from './shell.ts';
import { until } from './wait.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of an example. */
export class Example {
  readonly place: BackgroundPlace;
  /** The fenced blocks of its README. */
  readonly blocks: readonly string[];
  private readonly env: Readonly<Record<string, string>>;

  constructor(name: string, place: BackgroundPlace) {
    this.place = place;
    cpSync(join(repository, 'examples', name), this.directory, {
      recursive: true,
      // What is left of somebody's trial.
      filter: (path) => !['node_modules', 'dist'].includes(basename(path)),
    });
    const readme = readFileSync(join(this.directory, 'README.md'), 'utf8');
    this.blocks = [...readme.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
    // npm is to run what is installed, and to fetch nothing.
    this.env = { ...shellEnv(place.env), NO_COLOR: '1', npm_config_offline: 'true' };
  }

  get directory(): string {
    return this.place.root;
  }

  /** The file at a path of it. */
  path(path: string): string {
    return join(this.directory, path);
  }

  /** Replaces a file at once, as editors do, so that nobody reads half of it. */
  save(path: string, text: string): void {
    const saved = join(dirname(this.directory), 'saved');
    writeFileSync(saved, text);
    renameSync(saved, this.path(path));
  }

  /** Saves a file with a text in the place of another, which has to be there. */
  edit(path: string, from: string, to: string): void {
    const text = readFileSync(this.path(path), 'utf8');
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    this.save(path, text.replace(from, to));
  }

  /** Its README's block of this number, counted from 0. */
  block(number: number): string {
    const block = this.blocks[number];
    if (block === undefined) throw new Error(`the README has no block ${number}`);
    return block;
  }

  /** Runs lines of the shell as the foreground job of a terminal; ended after the test. */
  start(lines = this.block(0), env: Readonly<Record<string, string>> = {}): CliProcess {
    const child = spawn('sh', ['-c', lines], {
      cwd: this.directory,
      env: { ...this.env, ...env },
      detached: true,
      // Open, as a terminal's is, as long as it runs.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const job = new CliProcess(child);
    job.read();
    cleanUpWith(async () => {
      signalJob(job, 'SIGKILL');
      await job.exited;
    });
    return job;
  }

  /** Stops the agent, and starts another one in its place, on the same port and by default for the same root. */
  async replaceAgent(whileAway: () => void, root = this.directory): Promise<void> {
    const { port } = new URL(this.place.runFile().url);
    await this.place.run(['stop']);
    whileAway();
    // It remembers nothing, so that its clients have missed something.
    const flags = ['--port', port, '--no-store'];
    const { code, stderr } = await this.place.run(['start', root, ...flags]);
    if (code !== 0) throw new Error(`the agent was not started again: ${stderr}`);
  }
}

/** Signals all processes of a job, as a terminal does. */
function signalJob(job: CliProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(job.child.pid as number), signal);
  } catch {
    // All of them have ended.
  }
}

/** Ctrl-C; waits until the job has ended, and gives what it said last on standard error. */
export async function interrupt(job: CliProcess): Promise<string> {
  const said = job.stderr.length;
  signalJob(job, 'SIGINT');
  await job.exited;
  await until('all of its processes to have ended', () => {
    try {
      process.kill(-(job.child.pid as number), 0);
      return false;
    } catch {
      return true;
    }
  });
  return job.stderr.slice(said);
}

/** Copies an example into a fresh project. */
export function startExample(name: string): Example {
  const place = backgroundPlace();
  const example = new Example(name, place);
  const modules = join(place.root, 'node_modules');
  mkdirSync(modules);
  for (const entry of readdirSync(join(repository, 'node_modules'))) {
    symlinkSync(join(repository, 'node_modules', entry), join(modules, entry));
  }
  symlinkSync(repository, join(modules, 'devagent'));
  return example;
}
