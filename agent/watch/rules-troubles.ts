// What is wrong with files of rules, for the status and the log.
import type { GitignoreFile } from '../../shared/globs/index.ts';
import type { Log } from '../log/index.ts';

/** Why some lines of a file do not count; undefined if all do. */
export function troubleWith(path: string, file: GitignoreFile, whole: boolean): string | undefined {
  if (!whole) return `${path} is larger than 4 MiB: only the lines in its first 4 MiB count`;
  if (file.firstLeftOut === undefined) return undefined;
  return `${path} has more wildcard rules than can be matched quickly: line ${file.firstLeftOut} and others do not count`;
}

/** The troubles of one root, by the paths of the files. */
export class RulesTroubles {
  private readonly log: Log;
  private readonly byPath = new Map<string, string>();

  constructor(log: Log) {
    this.log = log;
  }

  /** One of them; undefined if there is none. */
  get first(): string | undefined {
    const [first] = this.byPath.values();
    return first;
  }

  /** @param why undefined if all is well */
  set(path: string, why: string | undefined): void {
    if (this.byPath.get(path) === why) return;
    if (why === undefined) {
      this.byPath.delete(path);
      this.log.info('rules count again', { path });
    } else {
      this.byPath.set(path, why);
      this.log.warn('rules do not count', { path, why });
    }
  }

  /** The file can't be read at the moment. */
  unread(path: string, error: NodeJS.ErrnoException, isKnown: boolean): void {
    const still = isKnown ? 'its former rules still count' : 'its rules do not count yet';
    this.set(path, `${path} can not be read (${error.code}): ${still}`);
  }

  /** The file does not matter any more. */
  forget(path: string): void {
    this.byPath.delete(path);
  }
}
