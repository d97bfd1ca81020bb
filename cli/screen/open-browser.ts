// The user's own browser.
import { spawn } from 'node:child_process';
import type { Output } from './output.ts';

/**
 * What opens addresses is done sooner, unless it is the browser itself, which goes on for as long as it is used. Its
 * failures are about what is not installed, and come at once.
 */
const graceMs = 3_000;

function openerOf(platform: NodeJS.Platform, url: string): readonly [program: string, ...args: string[]] {
  if (platform === 'darwin') return ['open', url];
  // start is a word of the shell; its first quoted argument would be a title.
  if (platform === 'win32') return ['cmd', '/c', 'start', '""', url];
  return ['xdg-open', url];
}

/** Shows an address of our own making in the browser, and says so where it can't be. */
export async function showInBrowser(url: string, output: Output): Promise<void> {
  const reason = await openBrowser(url);
  if (reason !== undefined) output.note(`the browser could not be opened: ${reason}`);
}

/** @returns why it can't be; undefined when it is, or nothing was heard to the contrary */
function openBrowser(url: string): Promise<string | undefined> {
  const [program, ...args] = openerOf(process.platform, url);
  const child = spawn(program, args, { detached: true, stdio: 'ignore' });
  child.unref();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, graceMs, undefined);
    const done = (reason?: string): void => {
      clearTimeout(timer);
      resolve(reason);
    };
    child.on('error', (error) => done(error.message));
    child.on('exit', (code, signal) => {
      if (code === 0) done();
      else done(code === null ? `${program} was ended by ${signal}` : `${program} ended with ${code}`);
    });
  });
}
