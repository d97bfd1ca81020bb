// The net below the net: directories' modification times on disk are compared with the index, a few at
// each beat, and nothing else. What it finds no hint had told and no sign had announced: a bug, or a
// kernel's, so each finding is a warning.
import type { Log } from '../log/index.ts';
import type { RootEngine } from './root-engine.ts';
import type { Directory } from './tree-index.ts';

/** The time between two beats of the watcher's one timer. Each wakes an idle process, so not too often. */
export const beatMs = 1000;
/** Every directory is looked at once in this time. */
const roundMs = 10 * 60 * 1000;

/** A beat's share ends after so long, however slow the disk is; the rest of it is done in a later one. */
const shareMs = 5;

interface Round {
  directories: IterableIterator<Directory>;
  perBeat: number;
  /** Seen to differ at the last beat: a finding if they still do, and no hint came. */
  suspects: Map<Directory, number>;
}

/** Looks over all roots, slowly. */
export class Audit {
  private readonly log: Log;
  private readonly rounds = new WeakMap<RootEngine, Round>();
  private beats = 0;

  constructor(log: Log) {
    this.log = log;
  }

  /** Does one beat's share. A root with hints waiting is left alone: they come first. */
  beat(engines: readonly RootEngine[]): void {
    const endMs = performance.now() + shareMs;
    // Each is the first at times: of the last there may be no time to look at anything.
    const first = this.beats++ % Math.max(1, engines.length);
    for (const engine of [...engines.slice(first), ...engines.slice(0, first)]) {
      if (!engine.busy) this.look(engine, endMs);
      else this.rounds.get(engine)?.suspects.clear();
    }
  }

  private look(engine: RootEngine, endMs: number): void {
    let round = this.rounds.get(engine);
    if (round === undefined) {
      const count = engine.status().dirs + 1;
      round = {
        directories: engine.directories(),
        perBeat: Math.ceil((count * beatMs) / roundMs),
        suspects: new Map(),
      };
      this.rounds.set(engine, round);
    }
    for (const [directory, mtimeMs] of round.suspects) {
      if (directory.gone || directory.stat.mtimeMs === mtimeMs) continue;
      if (engine.directoryChangedMs(directory) !== mtimeMs) continue;
      this.log.warn('audit found a change that no hint told', { root: engine.path, path: directory.path });
      engine.audited(directory);
    }
    round.suspects.clear();
    for (let looked = 0; looked < round.perBeat && performance.now() < endMs; looked++) {
      const next = round.directories.next();
      if (next.done === true) {
        this.rounds.delete(engine);
        return;
      }
      const directory = next.value;
      const mtimeMs = engine.directoryChangedMs(directory);
      if (mtimeMs !== undefined && mtimeMs !== directory.stat.mtimeMs && !directory.unreadable) {
        round.suspects.set(directory, mtimeMs);
      }
    }
  }
}
