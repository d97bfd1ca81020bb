// For a hub whose clients want no snapshot.

/** Fails whoever asks for one. */
export const noSnapshots = {
  rootsVersion: 0,
  take: () => ({ taken: Promise.reject<never>(new Error('no snapshot')), leave: () => {} }),
};
