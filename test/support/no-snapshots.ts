// For a hub whose clients want no snapshot.
import type { SnapshotSource } from '../../agent/hub/index.ts';

/** Fails whoever asks for one. */
export const noSnapshots: SnapshotSource = {
  take: () => ({ taken: Promise.reject(new Error('no snapshot')), leave: () => {} }),
};
