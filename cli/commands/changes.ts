import { resolve } from 'node:path';
import {
  durationFlag,
  globFlag,
  listFlag,
  switchFlag,
  textFlag,
  wholeNumberFlag,
} from '../../shared/flags/index.ts';
import {
  type ChangesAnswer,
  type IncompleteReason,
  limits,
  messageText,
  type NetChange,
  parseCursor,
  UsageError,
  visibleText,
} from '../../shared/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes, programName } from '../outcome/index.ts';

/** The agent's own, said to it all the same: the two sides then agree on it. */
const defaultTimeoutMs = 10_000;

const cursorNamePattern = /^[A-Za-z0-9._:-]{1,128}$/;

const reasons: Readonly<Record<IncompleteReason, string>> = {
  epoch: 'the cursor is of another run of the agent',
  expired: 'too many files were removed since, or a directory was watched only later',
  new: 'there was no cursor of that name until now',
  limit: 'there are more changes than --limit',
};

/** A path's bytes as on disk, or on a terminal what can be shown of it. */
function pathBytes({ path, pathBytes: bytes }: NetChange, isTerminal: boolean): Buffer {
  if (isTerminal) return Buffer.from(visibleText(path));
  return bytes === undefined ? Buffer.from(path) : Buffer.from(bytes, 'base64');
}

/** What is printed: changes as `EVENT PATH`, then messages as their text. */
function linesOf(
  { changes, messages }: ChangesAnswer,
  showRoots: boolean,
  end: string,
  isTerminal: boolean,
): Buffer {
  const ending = Buffer.from(end);
  const parts: Buffer[] = [];
  for (const change of changes) {
    const root = change.root.endsWith('/') ? change.root : `${change.root}/`;
    parts.push(
      Buffer.from(`${change.event} ${showRoots ? root : ''}`),
      pathBytes(change, isTerminal),
      ending,
    );
  }
  for (const { data } of messages) {
    const text = messageText(data);
    parts.push(Buffer.from(isTerminal ? visibleText(text) : text), ending);
  }
  return Buffer.concat(parts);
}

export const changes = defineCommand({
  name: 'changes',
  operands: '',
  summary: 'Print what changed since a cursor, or since it was asked last',
  details:
    'A line a change: what happened and the path, relative to the root, or absolute where there are several roots and no --root. Everything written before the call is in it. Where nothing changed nothing is printed; what came and went is left out. Exits 5, with the reason on stderr, where everything may have changed: then read the files themselves, as with files.',
  examples: [
    ['agent-cli changes --since-last nightly', 'what changed since the last call with this name'],
    ['at=$(agent-cli sync); make; agent-cli changes --since "$at"', 'what a command wrote'],
    [
      `agent-cli changes --since-last lint --match '**/*.ts' -0 | cut -zd' ' -f2-`,
      'paths to a program, whatever is in them',
    ],
  ],
  flags: {
    since: textFlag('Changes since this cursor'),
    'since-last': textFlag(
      'Changes since the last call with this name, which the agent remembers: letters, digits, and . _ : -',
    ),
    peek: switchFlag('With --since-last: do not count this call as the last one'),
    root: textFlag('Only changes below this root'),
    match: globFlag('Only changes of paths that match this glob; may be given often'),
    ignore: globFlag('No changes of paths that match this glob; may be given often'),
    topic: listFlag('Also messages on this topic, as their text; may be given often'),
    limit: wholeNumberFlag('Exit 5 if there are more changes (default: 10000)', 1, limits.netChanges),
    timeout: durationFlag(`Exit 4 if it takes longer than this many ms (default: ${defaultTimeoutMs})`, 1),
    print0: switchFlag('End each line with a NUL, not a line break', '0'),
  },
  timeLimitMs: ({ timeout = defaultTimeoutMs }) => timeout,
  async run(flags, _operands, { connection, output, json }) {
    const { since, 'since-last': name, peek, timeout = defaultTimeoutMs } = flags;
    if (json && flags.print0)
      throw new UsageError('--json and --print0 exclude each other: give one of them');
    if (since !== undefined && name !== undefined)
      throw new UsageError('--since and --since-last exclude each other: give one of them');
    if (peek && name === undefined) throw new UsageError('--peek goes with --since-last');
    if (since !== undefined && parseCursor(since) === undefined)
      throw new UsageError(`--since: expected a cursor, EPOCH:SEQ, got "${since}"`);
    if (name !== undefined && !cursorNamePattern.test(name))
      throw new UsageError('--since-last: expected 1 to 128 letters, digits, and . _ : -');
    const query = new URLSearchParams({ timeout: `${timeout}` });
    // It is moved only when all is printed.
    if (name !== undefined) query.append('peek', '1');
    const from = name === undefined ? since : `n:${name}`;
    if (from !== undefined) query.append('since', from);
    // The agent knows roots by their absolute path, and not where this command runs.
    if (flags.root !== undefined) query.append('root', resolve(flags.root));
    if (flags.limit !== undefined) query.append('limit', `${flags.limit}`);
    for (const list of ['match', 'ignore', 'topic'] as const)
      for (const value of flags[list]) query.append(list, value);

    const answer = await connection.request<ChangesAnswer>({ method: 'GET', path: `/v1/changes?${query}` });
    if (json) output.json(JSON.stringify(answer));
    else {
      const roots = new Set(answer.changes.map(({ root }) => root));
      const showRoots =
        flags.root === undefined &&
        (roots.size > 1 || (roots.size > 0 && (await connection.status()).roots.length > 1));
      output.bytes(linesOf(answer, showRoots, flags.print0 ? '\0' : '\n', output.isTerminal));
    }
    await output.flushed();
    if (name !== undefined && !peek) {
      const path = `/v1/cursors/${encodeURIComponent(name)}`;
      await connection.request({ method: 'PUT', path, body: { cursor: answer.cursor } });
    }
    if (from === undefined && !json)
      output.note(`nothing to compare with: go on with --since ${answer.cursor}`);
    if (!answer.messagesComplete) output.note('some messages are no longer held, or too many');
    if (answer.complete) return exitCodes.done;
    const { reason } = answer;
    const why = reason === null ? '' : `: ${reasons[reason] ?? reason}`;
    const count = reason === 'limit' ? ` (${answer.total})` : '';
    output.note(`everything may have changed${why}${count}`);
    output.hint(`see: ${programName} files`);
    return exitCodes.unknown;
  },
});
