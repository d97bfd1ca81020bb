// Lints the package as users get it: packs it (which builds it, by way of `prepare`), and reads the
// tarball instead of the folder.
import { execSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const scratch = mkdtempSync(join(tmpdir(), 'devagent-package-'));
try {
  execSync(`npm pack --silent --pack-destination "${scratch}"`, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [tarball] = readdirSync(scratch);
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const bytes = new Uint8Array(readFileSync(join(scratch, tarball)));

  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  for (const message of messages) {
    console.error(`${message.type}: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
  }
  console.log(`${tarball}: ${Math.ceil(bytes.length / 1024)} KiB, ${messages.length} remarks`);
  if (messages.some((message) => message.type !== 'suggestion')) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
