// The files by which systemd or launchd starts the agent: whether what they name is still there.
import { basename, dirname, isAbsolute, join } from 'node:path';
import { programName } from '../outcome/index.ts';
import { type Finding, ok, problem, shellWord, warning } from './finding.ts';
import type { Machine } from './machine.ts';

interface Service {
  readonly path: string;
  /** The command lines that a file of this kind starts. */
  readonly commands: (text: string) => string[][];
  /** Has the manager read the file again. */
  readonly reload: string;
}

/** Words as systemd splits them, without its escapes: https://www.freedesktop.org/software/systemd/man/systemd.service.html */
function systemdCommands(text: string): string[][] {
  return [...text.matchAll(/^ExecStart=[-@:+!]*(.+)$/gm)].map(([, line = '']) =>
    [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
      ([, double, single, bare]) => double ?? single ?? bare ?? '',
    ),
  );
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function launchdCommands(text: string): string[][] {
  const [, list = ''] = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text) ?? [];
  const words = [...list.matchAll(/<string>([\s\S]*?)<\/string>/g)].map(([, word = '']) =>
    word.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? ''),
  );
  return words.length === 0 ? [] : [words];
}

function servicesOf({ env, home }: Machine): Service[] {
  if (home === undefined) return [];
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  const plist = join(home, 'Library/LaunchAgents/dev.devagent.agentd.plist');
  return [
    {
      path: join(config, 'systemd/user/devagent.service'),
      commands: systemdCommands,
      reload: 'systemctl --user daemon-reload && systemctl --user restart devagent',
    },
    {
      path: plist,
      commands: launchdCommands,
      reload: `launchctl unload ${shellWord(plist)} && launchctl load ${shellWord(plist)}`,
    },
  ];
}

/** The version of the package whose agentd stands at a path. */
function versionAt(machine: Machine, program: string): string | undefined {
  const real = machine.realPath(program);
  if (real === undefined || basename(real) !== 'agentd.js') return undefined;
  try {
    const manifest = JSON.parse(machine.readText(join(dirname(real), '../package.json')) ?? '') as {
      version?: unknown;
    };
    return typeof manifest.version === 'string' ? manifest.version : undefined;
  } catch {
    // No package around it: a copy, of which nothing is known.
    return undefined;
  }
}

function lookAt(machine: Machine, { path, commands, reload }: Service): Finding[] {
  const check = 'service';
  const text = machine.readText(path);
  // Most people start the agent otherwise.
  if (text === undefined) return [];
  // An interpreter and its script, or the script itself; a specifier such as %h only systemd can resolve.
  const programs = commands(text)
    .flatMap((words) => words.slice(0, 2))
    .filter((word) => isAbsolute(word) && !/[%$]/.test(word));
  const script = (word: string): boolean => word.endsWith('.js') || basename(word) === 'agentd';
  const [first] = programs;
  const missing = programs.find(
    (word) => (word === first || script(word)) && machine.realPath(word) === undefined,
  );
  if (missing !== undefined) {
    return [
      problem({
        check,
        found: `${path} starts ${missing}, which is not there`,
        means:
          'The service fails. Node or devagent was moved, removed, or updated into another directory since the file was written.',
        remedy: 'Write the paths that these give into the file, and have it read again:',
        commands: ['command -v node agentd', reload],
      }),
    ];
  }
  const other = programs
    .map((word) => versionAt(machine, word))
    .find((each) => each !== undefined && each !== machine.version);
  if (other !== undefined) {
    return [
      warning({
        check,
        found: `${path} starts version ${other}, and ${programName} is ${machine.version}`,
        means: 'There are two of devagent on this machine, and the service starts the other one.',
        remedy: 'Write the path that the first line gives into the file, and have it read again:',
        commands: ['command -v agentd', reload],
      }),
    ];
  }
  return [ok(check, path)];
}

/** The service files, if there are any. */
export function checkServices(machine: Machine): Finding[] {
  return servicesOf(machine).flatMap((service) => lookAt(machine, service));
}
