// The path of a request as the names of a folder and what is in it.

/** What a request's target names; undefined for what can't be a path into the folder. */
export interface RequestPath {
  /** Decoded, from the folder down; empty for the folder itself. */
  readonly names: readonly string[];
  /** Whether it ends as a directory's does. */
  readonly isDirectory: boolean;
  /** With the question mark; empty for none. */
  readonly query: string;
}

/**
 * Reads the target of a request. It is split before it is decoded, and decoded once, so that no name can hold
 * what would lead elsewhere: `..`, a slash, a backslash (a slash to Windows) or a NUL (the end of a name to the
 * kernel), however it is written.
 */
export function readRequestPath(target: string): RequestPath | undefined {
  if (!target.startsWith('/')) return undefined;
  const [path = '', ...queries] = target.split('?');
  const names: string[] = [];
  for (const part of path.split('/')) {
    let name: string;
    try {
      name = decodeURIComponent(part);
    } catch {
      // A malformed escape names nothing.
      return undefined;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of those that it looks for
    if (name === '..' || /[/\\\u0000]/.test(name)) return undefined;
    // Drives, and streams of files.
    if (process.platform === 'win32' && name.includes(':')) return undefined;
    if (name !== '' && name !== '.') names.push(name);
  }
  const isDirectory = /(?:^|\/)\.?$/.test(path);
  return { names, isDirectory, query: queries.length === 0 ? '' : `?${queries.join('?')}` };
}

/** Names as the path of a URL: with a slash before each, and none that could be taken for a host. */
export function urlPathOf(names: readonly string[]): string {
  return names.map((name) => `/${encodeURIComponent(name)}`).join('');
}

/** Whether a name is kept to oneself: `.env`, `.git`; but `.well-known` is there to be asked for (RFC 8615). */
export function isHiddenName(name: string): boolean {
  return name.startsWith('.') && name !== '.well-known';
}
