import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConfigReport, defaultName, type ShownSetting, visibleText } from '../../shared/index.ts';
import { agentdProgram } from '../agent/index.ts';
import { defineCommand } from '../line/index.ts';
import { exitCodes } from '../outcome/index.ts';
import type { Colors } from '../screen/index.ts';
import { alignRows } from '../screen/index.ts';

function valueText(value: ShownSetting['value']): string {
  if (value === null) return 'none';
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  return String(value);
}

function fileText({ file }: ConfigReport): string {
  if (file === null) return 'none';
  return file.named ? `${file.path} (asked for)` : `${file.path} (found in the first directory)`;
}

/** The config file by its name alone: there is one, and where it is stands above. */
function originText({ source, from }: ShownSetting): string {
  if (from === null) return source;
  return source === 'file' ? basename(from) : from;
}

/** A configuration as people read it, line by line. */
function describeConfig(report: ConfigReport, colors: Colors): string[] {
  // Values last: a long one shall not push what stands behind it off the terminal.
  const rows = report.settings.map((setting) => [setting.key, originText(setting), valueText(setting.value)]);
  const [heading = '', ...lines] = alignRows([['setting', 'from', 'value'], ...rows]);
  const isDefault = report.settings.map(({ source }) => source === 'default');
  const [first = '', ...others] = report.roots;
  const facts = alignRows(
    [
      ['roots', report.rootsGiven ? first : `${first} (the current directory)`],
      ...others.map((root) => ['', root]),
      ['config file', fileText(report)],
    ],
    [{ paint: colors.dim }],
  );
  return [
    ...facts,
    ...report.warnings.map((warning) => colors.yellow(visibleText(warning))),
    '',
    colors.dim(heading),
    // What somebody set is what one looks for.
    ...lines.map((line, index) => (isDefault[index] === true ? colors.dim(line) : line)),
  ];
}

/** Has agentd read its configuration. */
async function askAgentd(args: readonly string[]): Promise<{ ok: boolean; usage: boolean; lines: string[] }> {
  const child = spawn(process.execPath, [agentdProgram(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  const said = (code === 0 ? stdout : stderr).trimEnd().replace(/^agentd: /, '');
  return { ok: code === 0, usage: code === exitCodes.usage, lines: said.split('\n') };
}

export const config = defineCommand({
  name: 'config',
  operands: '[DIR...]',
  trailing: 'AGENTD-FLAGS...',
  summary: 'Show each setting of the agent and where its value comes from',
  details:
    'It is what an agent would run with that was started here and now on DIR (default: the current directory) with these flags: ' +
    'a flag beats an AGENT_ variable, which beats the config file, which beats the default. An agent that runs may have been started otherwise.',
  examples: [
    ['agent-cli config', 'the settings for the current directory'],
    ['agent-cli config web -- --config my.json', 'those of: agentd web --config my.json'],
  ],
  flags: {},
  withoutAgent: true,
  async run(_flags, operands, { connection, output, json }, trailing) {
    const { name } = connection.instance;
    // A name that the environment or nobody gave, agentd finds by itself, and knows its source.
    const named = name === (process.env['AGENT_NAME'] || defaultName) ? [] : ['--name', name];
    // Directories may look like flags; a -- among the flags has said so before.
    const dashes = trailing.includes('--') ? [] : ['--'];
    const { ok, usage, lines } = await askAgentd([
      '--show-config',
      ...named,
      ...trailing,
      ...dashes,
      ...operands,
    ]);
    const [first = ''] = lines;
    if (!ok) {
      for (const line of lines) output.note(line);
      return usage ? exitCodes.usage : exitCodes.failed;
    }
    // With --help or --version among the flags it is no JSON.
    if (!first.startsWith('{')) for (const line of lines) output.result(line);
    else if (json) output.json(first);
    else {
      // It is of this package and this version.
      const report = JSON.parse(first) as ConfigReport;
      for (const line of describeConfig(report, output.colors)) output.result(line);
    }
    return exitCodes.done;
  },
});
