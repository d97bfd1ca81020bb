// The directories in which the agent keeps its socket, token and log: they have to be this user's alone.
import { dirname, resolve } from 'node:path';
import { type Objection, objectionToDirectory, objectionToParents } from '../../shared/index.ts';
import { programName } from '../outcome/index.ts';
import { type Finding, ok, problem, shellWord } from './finding.ts';
import { directorySystem, type Machine } from './machine.ts';

interface Place {
  readonly check: string;
  readonly path: string;
  /** The variable that names another. */
  readonly variable: string;
}

function nearestExisting(machine: Machine, path: string): string {
  const parent = dirname(path);
  if (machine.lstat(path) !== undefined || parent === path) return path;
  return nearestExisting(machine, parent);
}

function elsewhere(variable: string): string {
  return `set ${variable} to a directory of your own`;
}

function remedyOf({ fix }: Objection, variable: string): { remedy: string; commands: string[] } {
  if (fix === undefined) return { remedy: `To use another, ${elsewhere(variable)}.`, commands: [] };
  return { remedy: `Run this, or ${elsewhere(variable)}:`, commands: [fix] };
}

/** Another user's directory is the one trouble that is often met and seldom understood. */
function foreignOwned(machine: Machine, { check, path, variable }: Place, owner: number): Finding {
  const isRoot = machine.userId === 0;
  const asOwner = isRoot ? `run agentd and ${programName} as that user instead of as root, or ` : '';
  return problem({
    check,
    found: `${path} belongs to the user ${owner}, not to you (${machine.userId})`,
    means:
      'No agent starts with it: whoever owns it could put a socket of theirs in the place of the agent\'s, and read what you send. It comes about when agentd was once run as another user, as by sudo, or when the environment is still that of another user, as after su without "-".',
    remedy: `If it is to be yours, take it over as below; else ${asOwner}${elsewhere(variable)}.`,
    commands: [`sudo chown -R ${machine.userId} ${shellWord(path)}`],
  });
}

function lookAt(machine: Machine, place: Place): Finding {
  const { check, variable } = place;
  // With a slash at its end a link would not be seen.
  const path = resolve(place.path);
  const replaceable = objectionToParents(path, directorySystem(machine));
  if (replaceable !== undefined) {
    return problem({
      check,
      found: `${path} ${replaceable.why}`,
      means:
        "No agent starts with it, and no command talks to one there: whoever replaces it could put a socket of theirs in the place of the agent's, and read what you send.",
      ...remedyOf(replaceable, variable),
    });
  }
  const stats = machine.lstat(path);
  if (stats === undefined) {
    const parent = nearestExisting(machine, path);
    if (machine.mayWrite(parent)) return ok(check, `${path}, not there yet`);
    return problem({
      check,
      found: `${path} can't be made: you may not write in ${parent}`,
      means:
        'No agent starts without it. The directory above it is often missing in a shell that no login made, as after su, in a container or in cron.',
      remedy: `Log in anew, or ${elsewhere(variable)}.`,
    });
  }
  const objection = objectionToDirectory(path, stats, machine.userId);
  if (objection !== undefined && machine.userId !== undefined && stats.isDirectory()) {
    if (stats.uid !== machine.userId) return foreignOwned(machine, place, stats.uid);
    return problem({
      check,
      found: `${path} ${objection.why}`,
      means: 'No agent starts with it: other users could put files of theirs in it.',
      remedy: 'Look whether it holds anything that is not yours, and close it:',
      commands: [`chmod 700 ${shellWord(path)}`],
    });
  }
  if (objection !== undefined) {
    return problem({
      check,
      found: `${path} ${objection.why}`,
      means: 'No agent starts with it.',
      ...remedyOf(objection, variable),
    });
  }
  if (machine.userId !== undefined && (stats.mode & 0o700) !== 0o700) {
    return problem({
      check,
      found: `${path} is closed to yourself (mode ${(stats.mode & 0o777).toString(8)})`,
      means: 'No agent starts without writing in it.',
      remedy: 'Open it for yourself:',
      commands: [`chmod 700 ${shellWord(path)}`],
    });
  }
  return ok(check, path);
}

/** The token opens the agent to whoever has it. */
function lookAtToken(machine: Machine): Finding[] {
  const check = 'token';
  const { tokenFile } = machine.instance;
  const stats = machine.lstat(tokenFile);
  if (stats === undefined || machine.userId === undefined) return [];
  const means =
    'An agent refuses to start with it: whoever can read or replace the token can do with the agent what you can.';
  const remedy =
    'Delete it, and the next start makes a new one; pages and scripts that have the old one need it:';
  const commands = [`rm ${shellWord(tokenFile)}`];
  const refused = (why: string): Finding[] => [
    problem({ check, found: `${tokenFile} ${why}`, means, remedy, commands }),
  ];
  if (!stats.isFile()) return refused('is not a regular file');
  if (stats.uid !== machine.userId) return refused(`belongs to the user ${stats.uid}, not to you`);
  if ((stats.mode & 0o077) !== 0)
    return refused(`can be read by others (mode ${(stats.mode & 0o777).toString(8)})`);
  return [ok(check, `${tokenFile}, for you alone`)];
}

/** The runtime and the state directory, and the token in the latter. */
export function checkDirectories(machine: Machine): Finding[] {
  const { runtime, state } = machine.instance;
  return [
    lookAt(machine, { check: 'runtime-directory', path: runtime, variable: 'AGENT_RUNTIME_DIR' }),
    lookAt(machine, { check: 'state-directory', path: state, variable: 'AGENT_STATE_DIR' }),
    ...lookAtToken(machine),
  ];
}
