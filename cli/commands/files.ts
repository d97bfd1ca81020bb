import { resolve } from 'node:path';
import { globFlag, switchFlag, textFlag } from '../../shared/flags/index.ts';
import { type FileRecord, UsageError, visibleJson, visibleText } from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes, programName } from '../outcome/index.ts';
import { rootsHere } from '../paths/index.ts';
import { ensureAgent, startFlags } from '../start/index.ts';
import { ignoredFlag } from './stream-flags.ts';

/** The agent copies its index before it answers, and crawls before that: a million files take a while. */
const answerBeginsMs = 10 * 60_000;

const lineBreak = Buffer.from('\n');
const nul = Buffer.from('\0');

/** The first line of the agent's answer; it has no path. */
type IndexLine = FileRecord | { readonly path?: undefined };

/** A name's bytes as on disk, or on a terminal what can be shown of it. */
function nameBytes(record: FileRecord, isTerminal: boolean): Buffer {
  if (isTerminal) return Buffer.from(visibleText(record.path));
  return record.pathBytes === undefined ? Buffer.from(record.path) : Buffer.from(record.pathBytes, 'base64');
}

/** Turns the agent's lines into the names of files and links; directories are implied by them. */
function namesOf(
  lines: readonly string[],
  root: string | undefined,
  end: Buffer,
  isTerminal: boolean,
): Buffer {
  const prefix = Buffer.from(root === undefined ? '' : root.endsWith('/') ? root : `${root}/`);
  const parts: Buffer[] = [];
  for (const line of lines) {
    const record = JSON.parse(line) as IndexLine;
    if (record.path === undefined || record.kind === 'dir') continue;
    parts.push(prefix, nameBytes(record, isTerminal), end);
  }
  return Buffer.concat(parts);
}

function jsonLines(lines: readonly string[], isTerminal: boolean): Buffer {
  return Buffer.from(`${(isTerminal ? lines.map(visibleJson) : lines).join('\n')}\n`);
}

export const files = defineCommand({
  name: 'files',
  operands: '',
  summary: 'List the files that the agent knows, without a look at the disk',
  details:
    'Paths are relative to the root, or absolute where there are several roots and no --root. --json has directories too, with kind, size and mtime, and begins each root with a line {cursor, root}.',
  examples: [
    ['agent-cli files', 'all files'],
    [`agent-cli files --match '**/*.ts' -0 | xargs -0 wc -l`, 'names to a program, whatever is in them'],
    [`agent-cli files --root . --json | jq -r 'select(.size > 1e6).path'`, 'large files of this root'],
  ],
  flags: {
    root: textFlag('Only this root'),
    match: globFlag('Only paths that match this glob; may be given often'),
    ignored: ignoredFlag,
    print0: switchFlag('End each path with a NUL, not a line break', '0'),
    ...startFlags,
  },
  async run(flags, _operands, context) {
    const { connection, output, json } = context;
    if (json && flags.print0)
      throw new UsageError('--json and --print0 exclude each other: give one of them');
    const wanted = flags.root === undefined ? undefined : resolve(flags.root);
    const status = await ensureAgent(context, { noStart: flags['no-start'], roots: rootsHere() });
    const roots = wanted === undefined ? status.roots.map(({ path }) => path) : [wanted];
    if (roots.length === 0) output.note(`no directory is watched: add one with: ${programName} watch DIR`);
    const end = flags.print0 ? nul : lineBreak;
    for (const root of roots) {
      const query = new URLSearchParams({ root });
      for (const glob of flags.match) query.append('match', glob);
      if (flags.ignored) query.set('ignored', '1');
      const path = `/v1/files?${query}`;
      const prefix = roots.length > 1 ? root : undefined;
      for await (const lines of connection.lines({ method: 'GET', path, timeoutMs: answerBeginsMs })) {
        const text = json
          ? jsonLines(lines, output.isTerminal)
          : namesOf(lines, prefix, end, output.isTerminal);
        // Not a write for each of a million lines.
        if (text.length > 0 && !output.bytes(text)) await output.drained();
      }
    }
    return exitCodes.done;
  },
});
