// What the program has to know of completion at every start.

/** The shells that there are scripts for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The first word of a command line that is a shell's question. */
export const completionWord = '__complete';
