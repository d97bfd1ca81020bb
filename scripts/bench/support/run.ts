// The frame of a benchmark: its command line, its interrupts, and that nothing of it is left in the end.
import { existsSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import type { Bench } from './bench.ts';
import { copyBuild } from './build.ts';
import { Cleanups } from './cleanups.ts';

/** What every benchmark is told. */
interface CommonOptions {
  /** File for the results, besides standard output. */
  readonly markdown?: string;
}

/** A benchmark. */
export interface Benchmark<Options extends CommonOptions> {
  readonly help: string;
  /** Reads the arguments; undefined when help was asked for. Throws an Error that says what is wrong. */
  readOptions(args: readonly string[]): Options | undefined;
  /** Measures, and resolves with the report. */
  measure(bench: Bench, options: Options): Promise<string>;
}

/** Runs a benchmark by the arguments of this process. */
export async function runBenchmark<Options extends CommonOptions>({
  help,
  readOptions,
  measure,
}: Benchmark<Options>): Promise<void> {
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
    if (process.platform !== 'linux')
      throw new Error('this benchmark reads /proc, so it runs on Linux alone');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  if (options === undefined) {
    process.stdout.write(help);
    return;
  }
  const startedMs = performance.now();
  const cleanups = new Cleanups();
  const interrupt = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    // Not once: it may come twice, from the terminal and from npm, and the second would end us half done.
    process.on(signal, () => {
      interrupt.abort(new Error(`ended by ${signal}`));
      void cleanups.closeAll().then(() => process.exit(code));
    });
  }
  try {
    const bench: Bench = {
      cleanups,
      build: copyBuild(cleanups),
      interrupted: interrupt.signal,
      diskDirectory: tmpdir(),
      // ext4 would pass over every inode that was freed lately: slow with tens of thousands.
      memoryDirectory: existsSync('/dev/shm') ? '/dev/shm' : tmpdir(),
      loadBefore: loadavg()[0] ?? Number.NaN,
      progress: (text) => {
        const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
        process.stderr.write(`${seconds.padStart(5)} s  ${text}\n`);
      },
    };
    const text = await measure(bench, options);
    process.stdout.write(text);
    if (options.markdown !== undefined) writeFileSync(options.markdown, text);
  } catch (error) {
    // What breaks when everything is closed under it is no failure.
    if (!interrupt.signal.aborted) throw error;
  } finally {
    await cleanups.closeAll();
  }
}
