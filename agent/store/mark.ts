// The mark: one small file that says how far the journal has come, written over in place after every write to the
// journal. What is read back from the journal must come as far: a file that was cut off is noticed by it even where the
// cut is clean.
import {
  closeSync,
  constants,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { formatVersion, isSealed, putText, seal, takeText } from './sealed.ts';

/** How an agent left the store: it still runs or was killed, it stopped in order, or it could not go on writing. */
export type MarkState = 'open' | 'clean' | 'lost';

/** What the mark says. */
export interface Mark {
  readonly state: MarkState;
  readonly epoch: string;
  /** The boot of the machine during which it was written (`bootId`). */
  readonly boot: string;
  /** Every event up to this one is in the journal's files. */
  readonly headSeq: number;
}

const magic = 'DEVAMARK';
const states: readonly MarkState[] = ['open', 'clean', 'lost'];
const bytes = 128;

/** @returns the mark; undefined where there is none, or why it can't be believed */
export function readMark(path: string): Mark | undefined | { readonly refused: string } {
  let piece: Buffer;
  try {
    piece = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (piece.length !== bytes || takeText(piece, 0, 8) !== magic) return { refused: 'its mark is damaged' };
  const version = piece.readUInt32LE(8);
  if (version !== formatVersion) {
    return { refused: `it has format ${version}, and this agent reads format ${formatVersion}` };
  }
  const state = states[piece.readUInt32LE(12)];
  if (!isSealed(piece) || state === undefined) return { refused: 'its mark is damaged' };
  return {
    state,
    headSeq: piece.readDoubleLE(16),
    epoch: takeText(piece, 24, 56),
    boot: takeText(piece, 56, 120),
  };
}

/** Writes the mark, again and again. */
export class MarkFile {
  private readonly descriptor: number;
  private readonly piece = Buffer.alloc(bytes);

  /** @throws Error of the file system */
  constructor(path: string, epoch: string, boot: string) {
    putText(this.piece, magic, 0, 8);
    this.piece.writeUInt32LE(formatVersion, 8);
    putText(this.piece, epoch, 24, 56);
    putText(this.piece, boot, 56, 120);
    this.descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    ftruncateSync(this.descriptor, bytes);
  }

  /** @throws Error of the file system */
  write(state: MarkState, headSeq: number): void {
    this.piece.writeUInt32LE(states.indexOf(state), 12);
    this.piece.writeDoubleLE(headSeq, 16);
    const written = writeSync(this.descriptor, seal(this.piece), 0, bytes, 0);
    if (written !== bytes) throw Object.assign(new Error('the mark was cut off'), { code: 'ENOSPC' });
  }

  /** Waits until it is on the disk. @throws Error of the file system */
  flush(): void {
    fdatasyncSync(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
