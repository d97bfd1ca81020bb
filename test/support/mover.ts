// Moves and exchanges directories as fast as the system can, in a process of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanUpWith } from './cleanup.ts';
import { findProgram } from './find-program.ts';

/** Two paths that a storm moves about: away and back, where only `a` is there, or the one into the other's place. */
export interface Move {
  readonly kind: 'away' | 'exchange';
  readonly a: string;
  readonly b: string;
  /** A file that is written to in between, so that there is something to look at. */
  readonly touch: string;
}

/**
 * Python can call renameat2(2), which exchanges two paths at once; Node can't.
 * Arguments: seconds, a seed, the moves as JSON. However slow
 * the machine is, it moves a dozen times.
 */
const program = `
import ctypes, json, os, platform, random, sys, time
seconds, seed, moves = float(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
renameat2 = {'x86_64': 316, 'aarch64': 276}[platform.machine()]
AT_FDCWD, RENAME_EXCHANGE = -100, 2
def exchange(a, b):
  if libc.syscall(renameat2, AT_FDCWD, a.encode(), AT_FDCWD, b.encode(), RENAME_EXCHANGE) != 0:
    raise OSError(ctypes.get_errno(), a)
def away(a, b):
  os.rename(a, b)
  pause()
  os.rename(b, a)
def pause():
  if random.random() < 0.7: time.sleep(random.random() ** 2 * 0.02)
def touch(path):
  try:
    with open(path, 'a') as file: file.write('x')
  except FileNotFoundError: pass
random.seed(seed)
end = time.monotonic() + seconds
count = 0
while time.monotonic() < end or count < 12:
  move = random.choice(moves)
  for step in range(random.randrange(1, 8)):
    if random.random() < 0.3: touch(move['touch'])
    (exchange if move['kind'] == 'exchange' else away)(move['a'], move['b'])
    pause()
    count += 1
`;

const python = findProgram('python3');

/** Whether there is a Python to do it with. */
export const canStorm = process.platform === 'linux' && python !== undefined;

/** Moves about for so long. */
export async function storm(seconds: number, seed: number, moves: readonly Move[]): Promise<void> {
  const args = ['-c', program, String(seconds), String(seed), JSON.stringify(moves)];
  const child = spawn(python ?? 'python3', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  cleanUpWith(() => void child.kill('SIGKILL'));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the storm ended with ${code}`);
}

/** Runs a few lines of Python, for what Node can't do. */
export function pythonRun(lines: string, ...args: readonly string[]): void {
  execFileSync(python ?? 'python3', ['-c', lines, ...args], { stdio: 'inherit' });
}
