// What a test opens is closed after it, newest first, whether it passed or not.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
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

/** A fresh directory, by its real path, removed after the test. */
export function temporaryDirectory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'devagent-test-')));
  cleanUpWith(() => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
  return path;
}
