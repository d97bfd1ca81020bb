// The JSON Schema of agent.config.json, by which editors complete and check it.
import * as z from 'zod';
import { type SettingKey, settingInfo, settingKeys, settingsSchema } from '../../agent/config/index.ts';

function describe(key: SettingKey): string {
  const { describe: flagWords, describeKey, fallback, unnamedFile } = settingInfo[key];
  const words = (describeKey ?? flagWords).replace('; repeatable', '');
  const standard = fallback === undefined ? '' : ` (default: ${fallback})`;
  const where = unnamedFile ? '' : '. Only in a file that is named by --config';
  return `${words[0]?.toUpperCase()}${words.slice(1)}${standard}${where}`;
}

/** `docs/agent.config.schema.json`. */
export function configSchema(): unknown {
  const { properties = {}, ...rest } = z.toJSONSchema(settingsSchema, {
    // As it is written in the file.
    io: 'input',
    override: ({ jsonSchema }) => {
      // True of every integer that JavaScript can count with, and so of no use to anyone.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const described = settingKeys.map((key) => [
    key,
    { description: describe(key), ...Object(properties[key]) },
  ]);
  return {
    ...rest,
    title: 'agent.config.json: the settings of devagent',
    properties: {
      $schema: { type: 'string', description: 'The address of this schema, for editors' },
      ...Object.fromEntries(described),
    },
  };
}
