// For a hub whose clients want no snapshot.

/** Fails whoever asks for one. */
export const noSnapshots = {
  rootsVersion: 0,
  still: <T>(use: () => Promise<T>): Promise<T> => use(),
  take: () => ({ taken: Promise.reject<never>(new Error('no snapshot')), leave: () => {} }),
};
