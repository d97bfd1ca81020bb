// What a test opens is closed after it, newest first, whether it passed or not.
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';

type Close = () => void | Promise<void>;

/** What is closed after the present test, or, while something is opened for all of them, after the last. */
let pending: Close[] = [];

/** Has `close` called when the present test is over. */
export function cleanUpWith(close: Close): void {
  pending.push(close);
}

async function closeAll(opened: Close[]): Promise<void> {
  const failures: unknown[] = [];
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) {
    try {
      await close();
    } catch (error) {
      // What is left has to be closed all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

afterEach(() => closeAll(pending));

/**
 * Opens something once for all tests of the file, or of the `describe` that this is called in; what `open` has
 * closed after a test is closed after the last of them. Returns what gives it to a test.
 */
export function forAllTests<T>(open: () => Promise<T>): () => T {
  const opened: { value?: T } = {};
  const closes: Close[] = [];
  beforeAll(async () => {
    const ofTest = pending;
    pending = closes;
    try {
      opened.value = await open();
    } finally {
      pending = ofTest;
    }
  });
  afterAll(() => closeAll(closes));
  return () => {
    if (opened.value === undefined) throw new Error('what all tests are to use could not be opened');
    return opened.value;
  };
}

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
