// File systems that do not tell what changes on them.
import { isWithin, silentFileSystem } from '../../shared/index.ts';
import type { AgentState } from './agent-state.ts';
import { type Finding, ok, problem, warning } from './finding.ts';
import type { Machine } from './machine.ts';

/** OVERLAYFS_SUPER_MAGIC. */
const overlayType = 0x794c7630;

/** The same kinds as the agent knows by number, by the names that mount(8) has for them, and WSL's own. */
const silentMount = /^(?:nfs4?|cifs|smb3|9p|fuse|fuse\..+|fuseblk|virtiofs|vboxsf|ceph|acfs|drvfs)$/;

interface Mount {
  readonly point: string;
  readonly type: string;
}

/** /proc/self/mountinfo: https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
function mountsOf(machine: Machine): Mount[] {
  const text = machine.readText('/proc/self/mountinfo') ?? '';
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const point = before.split(' ')[4];
    const [type = ''] = after.split(' ');
    if (point === undefined) return [];
    // Blanks and their like are octal.
    const decoded = point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ point: decoded, type }];
  });
}

/** The mount that a path lies on: the deepest, and of two at the same place the later. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts
    .filter(({ point }) => isWithin(point, path))
    .reduce<Mount | undefined>(
      (deepest, mount) =>
        deepest === undefined || mount.point.length >= deepest.point.length ? mount : deepest,
      undefined,
    );
}

const moveAway =
  'Where you can, keep the tree on a local disk: in WSL below your home instead of /mnt, in a container in a volume.';

/** What is told of one directory. */
function lookAt(
  machine: Machine,
  path: string,
  backend: string | undefined,
  mounts: readonly Mount[],
): Finding {
  const check = 'file-system';
  const type = machine.fileSystemType(path);
  const mount = mountOf(path, mounts);
  const kind =
    (type === undefined ? undefined : silentFileSystem(type)) ??
    (mount !== undefined && silentMount.test(mount.type) ? mount.type : undefined);
  const isOverlay = mount?.type === 'overlay' || (type !== undefined && type >>> 0 === overlayType);
  if (kind !== undefined) {
    const found = `${path} is on ${kind}`;
    const silent = `${kind} gives no events for what is changed elsewhere: on the server, the host, or in Windows.`;
    if (backend !== undefined && backend !== 'polling') {
      return problem({
        check,
        found: `${found}, watched by ${backend}`,
        means: `${silent} The agent misses such changes.`,
        remedy: 'Start the agent without --backend, or with --backend polling.',
      });
    }
    const polls = backend === undefined ? 'An agent would poll' : 'The agent polls';
    return warning({
      check,
      found: `${found}${backend === undefined ? '' : ', and is polled'}`,
      means: `${silent} ${polls} the tree: changes are told after half a second or more, and it takes more of the processor.`,
      remedy: moveAway,
    });
  }
  if (isOverlay && backend !== 'polling') {
    return warning({
      check,
      found: `${path} is on an overlay`,
      means:
        'That is the file system of a container. Changes made in the container are told; what others change in the directories below the overlay is not.',
      remedy:
        'If files here are changed from outside the container, mount their directory into it, or start the agent with --backend polling.',
    });
  }
  return ok(check, `${path} is on ${mount?.type ?? 'a local file system'}`);
}

/** Silent file systems that are mounted inside a root, whose own file system alone decides how it is watched. */
function lookInside(root: string, backend: string, mounts: readonly Mount[]): Finding[] {
  if (backend === 'polling') return [];
  return mounts
    .filter(({ point, type }) => silentMount.test(type) && point !== root && isWithin(root, point))
    .map(({ point, type }) =>
      warning({
        check: 'file-system',
        found: `${point}, inside the root ${root}, is on ${type}`,
        means: `${type} gives no events for what is changed elsewhere, and the agent chose how to watch by the root's own file system: it misses such changes.`,
        remedy: `Leave it out with --ignore, or start the agent with --backend polling.`,
      }),
    );
}

/** The file systems of the roots, and of the directory that is asked about. */
export function checkFileSystems(machine: Machine, agent: AgentState): Finding[] {
  const mounts = mountsOf(machine);
  const roots = agent.kind === 'running' ? agent.status.roots : [];
  const covered = roots.some(({ path }) => isWithin(path, machine.directory));
  return [
    ...roots.flatMap(({ path, backend }) => [
      lookAt(machine, path, backend, mounts),
      ...lookInside(path, backend, mounts),
    ]),
    ...(covered ? [] : [lookAt(machine, machine.directory, undefined, mounts)]),
  ];
}
