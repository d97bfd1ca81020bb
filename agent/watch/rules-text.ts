// The text of a file of rules, wherever it is.
import { readBeginning } from '../../shared/index.ts';
import { goneOrUnseen, type Unseen } from './disk.ts';

/** Of a file of rules no more than this counts: 100,000 lines or so. It is read and kept whole. */
const rulesLimitBytes = 4 * 1024 * 1024;

/** What a file of rules says. */
export interface RulesText {
  /** Its bytes as Latin-1. */
  readonly bytes: string;
  /** Whether that is all of it. */
  readonly whole: boolean;
}

/**
 * Reads a file of rules; undefined if there is none.
 * @param followsLinks git follows links to files of rules outside of the work tree, and takes those in it for none
 */
export function readRulesText(path: string | Buffer, followsLinks = false): RulesText | undefined | Unseen {
  try {
    const read = readBeginning(path, rulesLimitBytes, { follow: followsLinks });
    const bytes = read.bytes.toString('latin1');
    // A line that was cut through would say something else.
    return read.isWhole
      ? { bytes, whole: true }
      : { bytes: bytes.slice(0, bytes.lastIndexOf('\n') + 1), whole: false };
  } catch (error) {
    return goneOrUnseen(error);
  }
}
