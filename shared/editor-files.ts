// What editors put beside a file while it is open or being saved: swap files, locks, backups, temporary copies.
// Only names that nobody gives to a file of their own; a name that merely looks temporary is not among them.

/** Appended to the name of the file that is being saved: backups, and the temporary files of JetBrains and VS Code. */
const saveSuffix = /(?:~|___jb_(?:tmp|old|bak)___|\.vsctmp)$/;

/** The file by which Vim tries whether it may make files in a directory, before it saves in it. */
const saveTrial = /^4913$/;

/** Names as wholes. */
const leavings: readonly RegExp[] = [
  saveSuffix,
  saveTrial,
  // Vim and nano: `.name.swp`, then `.swo` and so on for others that open the file, `.swx` to try links out.
  /^\.(?:.+\.)?sw(?:[g-px]|px)$/,
  // Emacs: a lock, which is a link that leads nowhere, and what is kept of unsaved changes.
  /^\.#/,
  /^#.*#$/,
  // Kate's swap file; gedit and all that saves by GLib; Sublime Text; Kakoune.
  /^\..+\.kate-swp$/,
  /^\.goutputstream-\w{6}$/,
  /^\.subl\w+\.tmp$/,
  /^\..+\.kak\.\w{6}$/,
  // Locks of LibreOffice and Microsoft Office.
  /^\.~lock\..*#$/,
  /^~\$/,
];

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/**
 * Whether a path is an editor's own, so that nobody has to act when it comes, changes or goes.
 * @param path `/`-separated
 */
export function isEditorFile(path: string): boolean {
  const name = nameOf(path);
  return leavings.some((pattern) => pattern.test(name));
}

/** The path of the file that this one is a copy of while it is saved; undefined for one that is no such copy. */
export function savedFileOf(path: string): string | undefined {
  const original = path.replace(saveSuffix, '');
  return original === path ? undefined : original;
}

/** Whether a path is that of a file by which an editor tries out a directory before it saves in it. */
export function isSaveTrial(path: string): boolean {
  return saveTrial.test(nameOf(path));
}
