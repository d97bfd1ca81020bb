// What `agent-cli on --json` says, as tests read it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { TestAgent } from './agent.ts';
import type { CliProcess } from './cli-process.ts';
import { until } from './wait.ts';

/** Every note of `--json`, to the last member. */
const noteSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    run: z.int(),
    pid: z.int(),
    changed: z.int(),
    messages: z.int(),
    gap: z.boolean(),
    cursor: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('exit'),
    run: z.int(),
    code: z.int().nullable(),
    signal: z.string().nullable(),
    exitCode: z.int(),
    ms: z.int(),
    error: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('held'),
    runs: z.int(),
    changed: z.int(),
    paths: z.array(z.string()),
  }),
  z.strictObject({
    type: z.literal('gap'),
    cursor: z.string(),
    reason: z.string(),
    missed: z.int().optional(),
    root: z.string().optional(),
    restart: z.boolean().optional(),
    time: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('lost'), reason: z.string() }),
  z.strictObject({ type: z.literal('found'), cursor: z.string() }),
  z.strictObject({ type: z.literal('note'), text: z.string() }),
]);

/** What `--json` says on standard error, lines of the command itself left out. */
export function notes(on: CliProcess, type?: string): Record<string, unknown>[] {
  return on.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => noteSchema.parse(JSON.parse(line)))
    .filter((note) => type === undefined || note['type'] === type);
}

/** Waits for the end of the run of this number. */
export async function ended(on: CliProcess, run: number): Promise<Record<string, unknown>> {
  return until(
    () => `run ${run} to end: ${on.stdout} ${on.stderr}`,
    () => notes(on, 'exit').find((note) => note['run'] === run),
  );
}

/** Nothing that happened until now leads to a run that has not begun. */
export async function settled(agent: TestAgent, on: CliProcess): Promise<void> {
  // A run for a message comes after those for what was before it; the topic is one that tests subscribe to.
  const before = notes(on, 'start').length;
  await agent.sync();
  await agent.broadcast('settled', 'settled');
  await until(
    () => `the last run: ${on.stderr}`,
    () => notes(on, 'start').some((note, index) => index >= before && note['messages'] === 1),
  );
}

/** Writes a file below the first root. */
export const write = (agent: TestAgent, path: string, text = 'x') =>
  writeFileSync(join(agent.root, path), text);
