// Directories so full that to list one takes a while, which are moved about rather than made again.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** To list it and look at each takes tens of milliseconds: time for it to be moved in between. */
const files = 6000;
const marker = 'of the crowd';

/** One such directory, and where it may be. */
export class Crowd {
  /** Where it can be and is in no root. */
  readonly stock: string;
  /** Directories of roots, on the same file system. */
  readonly homes: readonly string[];

  /** @param stock an existing directory outside of all roots */
  constructor(stock: string, homes: readonly string[]) {
    this.stock = join(stock, 'crowd');
    this.homes = homes;
  }

  /** Where it is in this directory, when it is. */
  in(home: string): string {
    return join(home, 'crowd');
  }

  /** The directory that changes places with it there. */
  otherIn(home: string): string {
    return join(home, 'crowd.other');
  }

  /** Where it is now; undefined where it went with a directory that was removed. */
  find(): string | undefined {
    const places = [this.stock, ...this.homes.flatMap((home) => [this.in(home), this.otherIn(home)])];
    return places.find((path) => existsSync(join(path, marker)));
  }

  /** Moves it to a home, from wherever it is; makes it anew where it is lost. Returns its path. */
  moveTo(home: string): string {
    const from = this.find() ?? this.make();
    const to = this.in(home);
    if (from === to) return to;
    // What changed places with it is there still.
    if (existsSync(to)) renameSync(to, this.otherIn(home));
    renameSync(from, to);
    return to;
  }

  private make(): string {
    mkdirSync(join(this.stock, 'deep/deeper'), { recursive: true });
    for (let file = 0; file < files; file++) {
      const directory = file % 10 === 0 ? 'deep/deeper' : file % 5 === 0 ? 'deep' : '';
      writeFileSync(join(this.stock, directory, `f${file}`), String(file));
    }
    writeFileSync(join(this.stock, marker), '');
    return this.stock;
  }
}
