// Writes the machine-readable side of docs/: JSON Schema, OpenAPI and AsyncAPI of the protocol and JSON Schema
// of the config file, all from the schemas that the agent checks with and from those that the compiler holds
// to its types.
//
//   tsx scripts/protocol-schema.ts            writes them
//   tsx scripts/protocol-schema.ts --check    fails when what is there is something else
import { formatted, writeOrCheck } from './generated.ts';
import { configSchema } from './protocol/config-schema.ts';
import { asyncApi, framesSchema, openApi } from './protocol/documents.ts';

const documents = {
  'docs/agent.config.schema.json': configSchema(),
  'docs/frames.schema.json': framesSchema(),
  'docs/openapi.json': openApi(),
  'docs/asyncapi.json': asyncApi(),
};

const files = Object.entries(documents).map(([name, document]) => [
  name,
  formatted(name, JSON.stringify(document)),
]);
writeOrCheck('tsx scripts/protocol-schema.ts', Object.fromEntries(files));
