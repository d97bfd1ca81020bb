// Where the built client library runs: in a Node of its own, or in a page. Either way a test hands over functions,
// which run there, and gets back what they return.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Agent, AgentEvent, LiveTree, Tree } from 'devagent/client';
import { type Browser, type BrowserPage, servePage } from './browser.ts';
import { cleanUpWith } from './cleanup.ts';

const client = fileURLToPath(new URL('../../dist/client/', import.meta.url));

/** What the functions of one test find there, and leave for each other. */
export interface Scope {
  readonly lib: typeof import('devagent/client');
  agent: Agent;
  trees: LiveTree[];
  tree: Tree;
  events: AgentEvent[];
  stream: AsyncIterator<AgentEvent, undefined>;
  done: Promise<unknown>;
}

/** A place where the library runs. */
export interface ClientHost {
  /**
   * Runs a function there. It may use nothing but its arguments: only its text gets there, and `argument` and what it
   * returns as JSON.
   */
  run<Argument, Result>(
    body: (scope: Scope, argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
}

/** Reads functions from standard input, a JSON object a line, and writes what they return. */
const program = `
import { createInterface } from 'node:readline';
const scope = { lib: await import(process.argv[1]) };
const run = async ({ body, argument }) => ({ value: await (0, eval)('(' + body + ')')(scope, argument) });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...what } = JSON.parse(line);
  run(what).catch((error) => ({ error: String(error?.stack ?? error) })).then((answer) => {
    process.stdout.write(JSON.stringify({ id, ...answer }) + '\\n');
  });
}
process.exit();`;

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Starts a Node with the library in it; it ends with the test. */
export function startNodeHost(flags: readonly string[]): ClientHost {
  const child = spawn(
    process.execPath,
    [
      ...flags,
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      program,
      pathToFileURL(`${client}node.js`).href,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const closed = once(child, 'close');
  cleanUpWith(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let lastId = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.on('close', () => {
    for (const [id, tell] of waiting) tell({ id, error: 'the process has ended' });
  });
  return {
    async run<Argument, Result>(
      body: (scope: Scope, argument: Argument) => Result | Promise<Result>,
      argument: Argument,
    ) {
      lastId += 1;
      const id = lastId;
      const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      child.stdin.write(`${JSON.stringify({ id, body: body.toString(), argument })}\n`);
      const { value, error } = await answer;
      if (error !== undefined) throw new Error(`in the client's process: ${error}`);
      return value as Result;
    },
  };
}

/** Opens a page of a loopback origin with the library in it; it is closed with the test. */
export async function openPageHost(browser: Browser): Promise<ClientHost> {
  const page: BrowserPage = await browser.open(`http://localhost:${await servePage()}/`);
  const code = readFileSync(`${client}browser.js`).toString('base64');
  await page.run(`globalThis.scope = { lib: await import('data:text/javascript;base64,${code}') };`);
  return {
    run: (body, argument) =>
      page.run(`return await (${body.toString()})(scope, ${JSON.stringify(argument)});`),
  };
}
