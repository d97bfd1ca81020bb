// Checks the dashboard's page as it is sent, in dist/dashboard/: small, nothing in it that its content security policy
// would forbid, and no way to anywhere but the agent. Needs a build.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const directory = 'dist/dashboard';
/** It comes from this machine; but what it weighs has to be read and run at each opening. */
const limitBytes = 60 * 1024;
/** Names of XML's, and the example in an error of the client library. */
const harmless = /^http:\/\/(?:www\.w3\.org\/|127\.0\.0\.1:5520$)/;

const problems: string[] = [];
let bytes = 0;
for (const name of readdirSync(directory).filter((it) => !it.endsWith('.txt'))) {
  const file = readFileSync(join(directory, name));
  bytes += gzipSync(file, { level: 9 }).length;
  for (const [address] of file.toString().matchAll(/(?:https?|wss?):\/\/[\w.]+[^\s"'`)]*/g)) {
    if (!harmless.test(address)) problems.push(`${name} has an address in it: ${address}`);
  }
}
if (bytes > limitBytes) problems.push(`${directory}: ${bytes} B gzipped, and the limit is ${limitBytes}`);

const html = readFileSync(join(directory, 'index.html'), 'utf8');
if (/<style|<script(?![^>]*\bsrc=)|\s(?:style|on\w+)=/i.test(html)) {
  problems.push('index.html has a script or a style in it, which its policy forbids');
}
for (const [, address = ''] of html.matchAll(/\b(?:src|href)="([^"]*)"/g)) {
  const name = /^\/dashboard\/([\w.-]+)$/.exec(address)?.[1];
  if (name === undefined || !existsSync(join(directory, name))) {
    problems.push(`index.html leads to ${address}, which is none of its files`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`the dashboard's page: ${bytes} B of ${limitBytes}`);
process.exitCode = problems.length === 0 ? 0 : 1;
