// Where a journal's bytes go so that they outlive the process, and how they come back.

/** Keeps events. */
export interface JournalSink {
  /**
   * Keeps the frames of the events `firstSeq` to `lastSeq`, which follow those of the call before. When it returns they
   * are kept, or the sink keeps nothing any more and has said so. Never throws.
   * @param buffers slices of the journal's own memory, to be read before it returns
   */
  write(buffers: readonly Buffer[], firstSeq: number, lastSeq: number): void;
}

/** What was kept of a journal. */
export interface KeptFrames {
  readonly epoch: string;
  /** The newest event's number; the next one follows it. */
  readonly headSeq: number;
  /** Runs of whole, checked frames up to the newest event, each run where the one before ends. None of them is empty. */
  readonly frames: readonly { readonly firstSeq: number; readonly bytes: Buffer }[];
}
