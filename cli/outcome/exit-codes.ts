/** What the process's exit code says; scripts rely on these numbers. */
export const exitCodes = {
  done: 0,
  /** The agent answered with an error, or the command failed in a way that no other code names. */
  failed: 1,
  usage: 2,
  /** Nobody listens at the socket, or whoever does is silent for 5 s or no agent. */
  noAgent: 3,
  timeRanOut: 4,
  /** Of `changes`: everything may have changed. */
  unknown: 5,
  /** 128 and the signal's number, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each of them tells, in a few words. */
export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  [exitCodes.done]: 'done',
  [exitCodes.failed]: 'the agent answered with an error',
  [exitCodes.usage]: 'usage',
  [exitCodes.noAgent]: 'no agent there, or none that answers',
  [exitCodes.timeRanOut]: 'time ran out',
  [exitCodes.unknown]: 'changes can not tell: everything may have changed',
  [exitCodes.interrupted]: 'ended by SIGINT',
  [exitCodes.terminated]: 'ended by SIGTERM',
};
