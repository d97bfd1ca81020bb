// docs/service.md: the unit and the property list are what systemd and launchd take.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { binaries } from './support/agent.ts';
import { temporaryDirectory } from './support/cleanup.ts';
import { findProgram } from './support/find-program.ts';

const page = readFileSync(new URL('../docs/service.md', import.meta.url), 'utf8');

/** The one block of the page in this language. */
function block(language: string): string {
  const found = [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))];
  expect(found).toHaveLength(1);
  return found[0]?.[1] ?? '';
}

const systemdAnalyze = findProgram('systemd-analyze');
const withSystemd =
  systemdAnalyze === undefined
    ? (name: string) => it.skip(`${name} (skipped: there is no systemd-analyze here)`, () => {})
    : it;

describe('the systemd unit', () => {
  const unit = block('ini');

  /** Writes the unit, its agentd the one that was built, and gives what systemd says of it. */
  function verify(text: string): { status: number | null; words: string } {
    const file = join(temporaryDirectory(), 'devagent.service');
    writeFileSync(file, text.replace('/usr/local/bin/agentd', binaries.agentd));
    const { status, stdout, stderr } = spawnSync(systemdAnalyze ?? '', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    // It looks at the machine's other units as well.
    const words = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('devagent'));
    return { status, words: words.join('\n') };
  }

  withSystemd('is one that systemd finds no fault with', () => {
    expect(verify(unit)).toEqual({ status: 0, words: '' });
  });

  withSystemd('would be found at fault otherwise', () => {
    expect(verify(unit.replace('RestartSec=1', 'RestartSecs=1')).words).toContain("'RestartSecs'");
  });
});

type Plist = string | number | boolean | Plist[] | { [key: string]: Plist };

/** Reads a property list of the kinds that this one uses, and takes nothing else. */
function parsePlist(xml: string): Plist {
  const [, body = ''] =
    /^<\?xml .*?\?>\s*<!DOCTYPE plist PUBLIC [^>]*>\s*<plist version="1.0">(.*)<\/plist>\s*$/s.exec(xml) ??
    [];
  const tokens = body.match(/<[^>]+>|[^<]+/g)?.filter((token) => token.trim() !== '') ?? [];
  const take = (wanted?: string): string => {
    const token = tokens.shift() ?? '';
    if (wanted !== undefined && token !== wanted) throw new Error(`expected ${wanted}, got ${token}`);
    return token;
  };
  const text = (tag: string): string => {
    const content = take();
    take(`</${tag}>`);
    return content;
  };
  const value = (): Plist => {
    const tag = take();
    if (tag === '<true/>' || tag === '<false/>') return tag === '<true/>';
    if (tag === '<string>') return text('string');
    if (tag === '<integer>') return Number(text('integer'));
    if (tag === '<array>') {
      const items: Plist[] = [];
      while (tokens[0] !== '</array>') items.push(value());
      take('</array>');
      return items;
    }
    if (tag !== '<dict>') throw new Error(`unexpected ${tag}`);
    const entries: { [key: string]: Plist } = {};
    while (tokens[0] !== '</dict>') {
      take('<key>');
      const key = text('key');
      entries[key] = value();
    }
    take('</dict>');
    return entries;
  };
  const parsed = value();
  expect(tokens).toEqual([]);
  return parsed;
}

describe('the launchd agent', () => {
  it('is a property list with what launchd needs', () => {
    expect(parsePlist(block('xml'))).toEqual({
      Label: 'dev.devagent.agentd',
      ProgramArguments: ['/usr/local/bin/agentd', '/Users/ME/src'],
      EnvironmentVariables: { PATH: expect.stringContaining('/usr/bin') },
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ThrottleInterval: 10,
      ExitTimeOut: 10,
      Umask: 0o077,
    });
  });

  it('is named as its file is', () => {
    expect(page).toContain('`~/Library/LaunchAgents/dev.devagent.agentd.plist`');
    expect(page).toContain('`~/.config/systemd/user/devagent.service`');
  });
});
