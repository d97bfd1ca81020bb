/** How globs match everywhere: names that begin with a dot as any others, and line breaks in names, too. */
export const globOptions = { dot: true, flags: 's' } as const;
