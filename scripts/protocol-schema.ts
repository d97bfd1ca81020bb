// Writes the machine-readable side of docs/: JSON Schema, OpenAPI and AsyncAPI of the protocol and JSON Schema
// of the config file, all from the schemas that the agent checks with and from those that the compiler holds
// to its types.
//
//   tsx scripts/protocol-schema.ts            writes them
//   tsx scripts/protocol-schema.ts --check    fails when what is there is something else
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configSchema } from './protocol/config-schema.ts';
import { asyncApi, framesSchema, openApi } from './protocol/documents.ts';

const documents = {
  'docs/agent.config.schema.json': configSchema(),
  'docs/frames.schema.json': framesSchema(),
  'docs/openapi.json': openApi(),
  'docs/asyncapi.json': asyncApi(),
};

/** As the formatter wants it, so that it has nothing to say of what this script wrote. */
function formatted(name: string, json: string): string {
  // On Windows the tool is a .cmd file, which only a shell starts.
  const shell = process.platform === 'win32';
  const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));
  return execFileSync(biome, ['format', `--stdin-file-path=${name}`], {
    input: json,
    encoding: 'utf8',
    shell,
  });
}

const check = process.argv.includes('--check');
for (const [name, document] of Object.entries(documents)) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const text = formatted(name, JSON.stringify(document));
  if (!check) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is out of date: run "tsx scripts/protocol-schema.ts"`);
    process.exitCode = 1;
  }
}
