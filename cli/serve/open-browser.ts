// The user's own browser.
import { spawn } from 'node:child_process';

function openerOf(platform: NodeJS.Platform, url: string): readonly [program: string, ...args: string[]] {
  if (platform === 'darwin') return ['open', url];
  // start is a word of the shell; its first quoted argument would be a title.
  if (platform === 'win32') return ['cmd', '/c', 'start', '""', url];
  return ['xdg-open', url];
}

/**
 * Shows an address of our own making in the browser.
 * @param failed told why it can't be
 */
export function openBrowser(url: string, failed: (reason: string) => void): void {
  const [program, ...args] = openerOf(process.platform, url);
  const child = spawn(program, args, { detached: true, stdio: 'ignore' });
  child.on('error', (error) => failed(error.message));
  child.on('exit', (code) => {
    if (code !== 0 && code !== null) failed(`${program} ended with ${code}`);
  });
  child.unref();
}
