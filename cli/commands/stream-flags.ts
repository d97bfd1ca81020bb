// The flags that say which events are wanted and how they are printed: the same for all commands that do so.
import { resolve } from 'node:path';
import type { StreamQuery } from '../../shared/client/index.ts';
import {
  choiceFlag,
  type FlagValues,
  globFlag,
  listFlag,
  switchFlag,
  textFlag,
} from '../../shared/flags/index.ts';
import { UsageError } from '../../shared/index.ts';

/** For each command that shows files or changes to them. */
export const ignoredFlag = switchFlag('Include what ignore rules leave out, except .git, .hg and .svn');

export const filterFlags = {
  topic: listFlag('Only events on this topic; may be given often. File changes are on the topic file'),
  root: textFlag('Only file changes below this root'),
  match: globFlag('Only changes of paths that match this glob; may be given often'),
  ignore: globFlag('No changes of paths that match this glob; may be given often'),
  ignored: ignoredFlag,
  since: textFlag('Begin after this cursor'),
} as const;

export const formatFlag = choiceFlag('How to print; text is the bare message, or EVENT PATH', [
  'text',
  'json',
]);

/**
 * How events are to be printed.
 * @throws UsageError where `--json` and `--format` do not agree
 */
export function printFormat(
  json: boolean,
  format: 'text' | 'json' | undefined,
): 'text' | 'json' | 'readable' {
  if (json && format === 'text') {
    throw new UsageError('--json and --format text exclude each other: give one of them');
  }
  return json ? 'json' : (format ?? 'readable');
}

/**
 * What the stream is to carry.
 * @param client how it is called in `agent-cli clients`
 */
export function streamQuery(flags: FlagValues<typeof filterFlags>, client: string): StreamQuery {
  const { topic, match, ignore, ignored, since } = flags;
  // The agent knows roots by their absolute path, and not where this command runs.
  const root = flags.root === undefined ? undefined : resolve(flags.root);
  return { topic, root, match, ignore, ignored, since, snapshot: false, name: client };
}
