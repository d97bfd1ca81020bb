// File names are bytes. Inside watch/ a name is a JavaScript string all the same: its text where the
// bytes are UTF-8, else a NUL (which no name can hold) and the bytes as Latin-1. So two different names
// are always two different keys, and each key leads back to its bytes.

const rawMark = '\0';
const replacement = '\uFFFD';

/** Whether text that Node decoded may have lost bytes; then the name has to be read again as bytes. */
export function mayBeLossy(name: string): boolean {
  return name.includes(replacement);
}

/** The key of a name that was read as bytes. */
export function keyFromBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return mayBeLossy(text) && !Buffer.from(text, 'utf8').equals(bytes)
    ? rawMark + bytes.toString('latin1')
    : text;
}

function isRaw(path: string): boolean {
  return path.includes(rawMark);
}

function bytesOf(path: string): Buffer {
  const parts = path
    .split('/')
    .map((key) => (key.startsWith(rawMark) ? Buffer.from(key.slice(1), 'latin1') : Buffer.from(key, 'utf8')));
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from('/'), part])));
}

/** The directory that a path lies in; '' is the root. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The directory that a path lies in, and the name in it. */
export function splitPath(path: string): { directory: string; name: string } {
  return { directory: directoryOf(path), name: path.slice(path.lastIndexOf('/') + 1) };
}

/** What the file system takes for a path of keys below `root`; '' is the root itself. */
export function diskPath(root: string, path: string): string | Buffer {
  if (path === '') return root;
  const prefix = root.endsWith('/') ? root : `${root}/`;
  return isRaw(path) ? Buffer.concat([Buffer.from(prefix, 'utf8'), bytesOf(path)]) : prefix + path;
}

/** The same for the process's working directory in place of the root. */
export function relativeDiskPath(path: string): string | Buffer {
  if (path === '') return '.';
  return isRaw(path) ? bytesOf(path) : path;
}

/** How a path of keys is told: its text, and its bytes (base64) where the text can't hold them. */
export function toldPath(path: string): { path: string; pathBytes?: string } {
  if (!isRaw(path)) return { path };
  const bytes = bytesOf(path);
  return { path: bytes.toString('utf8'), pathBytes: bytes.toString('base64') };
}

/** The path of keys that was told so. */
export function pathKey({ path, pathBytes }: { path: string; pathBytes?: string }): string {
  if (pathBytes === undefined) return path;
  const bytes = Buffer.from(pathBytes, 'base64').toString('latin1');
  return bytes
    .split('/')
    .map((name) => keyFromBytes(Buffer.from(name, 'latin1')))
    .join('/');
}

/** The bytes of a path of keys, as Latin-1. */
export function bytesText(path: string): string {
  return /^[ -~]*$/.test(path) ? path : bytesOf(path).toString('latin1');
}

/** `directory/name`, where the root's own path is ''. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
