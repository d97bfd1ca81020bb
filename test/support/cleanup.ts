// What a test opens is closed after it, newest first, whether it passed or not.
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';

const pending: (() => void | Promise<void>)[] = [];

/** Has `close` called when the present test is over. */
export function cleanUpWith(close: () => void | Promise<void>): void {
  pending.push(close);
}

afterEach(async () => {
  for (let close = pending.pop(); close !== undefined; close = pending.pop()) await close();
});

/**
 * Where tens of thousands of files can be made and removed again and again: in memory if possible. ext4 is
 * slow at it, since it passes over every inode that was freed lately.
 */
export const roomForMany = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A fresh directory, by its real path, removed after the test. */
export function temporaryDirectory(parent = tmpdir()): string {
  const path = realpathSync(mkdtempSync(join(parent, 'devagent-test-')));
  cleanUpWith(() => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return path;
}
