// What has to happen beside the run, as fast as can be, or by a system call that Node has no function for: short
// programs in Perl, which every Debian has. Each fails without a word where others change what it works on.
import { spawnSync } from 'node:child_process';
import { arch } from 'node:os';

/** The number of renameat2(2), by processor. */
const renameat2: Readonly<Record<string, number>> = { x64: 316, arm64: 276 };

/** A program, and what to give it. */
export interface Program {
  readonly name: string;
  readonly args: readonly string[];
}

const perl = (source: string, ...args: readonly (string | number)[]): Program => ({
  name: 'perl',
  args: ['-e', source, ...args.map(String)],
});

/** Whether they can be run here. */
export function hasPrograms(): boolean {
  return renameat2[arch()] !== undefined && spawnSync('perl', ['-e', '1']).status === 0;
}

/** Has two entries change places `times` times, in one step each (RENAME_EXCHANGE), with up to `pauseUs` between. */
export function exchanges(a: string, b: string, times: number, pauseUs: number): Program {
  const source = `
    my ($call, $a, $b, $times, $pause) = @ARGV;
    for (1 .. $times) {
      syscall($call + 0, -100, $a, -100, $b, 2);
      select(undef, undef, undef, rand($pause) / 1e6) if $pause;
    }`;
  return perl(source, renameat2[arch()] ?? 0, a, b, times, pauseUs);
}

/** Moves an entry away and back `times` times, with up to `pauseUs` between; it ends where it was. */
export function awayAndBack(from: string, to: string, times: number, pauseUs: number): Program {
  const source = `
    my ($from, $to, $times, $pause) = @ARGV;
    for (1 .. $times) {
      rename($from, $to) or next;
      select(undef, undef, undef, rand($pause) / 1e6) if $pause;
      rename($to, $from);
      select(undef, undef, undef, rand($pause) / 1e6) if $pause;
    }`;
  return perl(source, from, to, times, pauseUs);
}

/** Makes, writes and removes files in the directories d0, d1 and so on, faster than their hints can be read. */
export function flood(base: string, directories: number, rounds: number): Program {
  const source = `
    my ($base, $directories, $rounds) = @ARGV;
    for my $round (1 .. $rounds) {
      for my $d (0 .. $directories - 1) {
        my $path = "$base/d$d/flood" . ($round % 5);
        open(my $file, '>', $path) or next;
        syswrite($file, 'x' x ($round % 7));
        close $file;
        unlink $path if rand() < 0.5;
      }
    }`;
  return perl(source, base, directories, rounds);
}
