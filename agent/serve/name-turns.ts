// One call after another, where they are about the same thing.
import { ProblemError } from './problem.ts';

/** Calls that wait for others about the same: each is a connection that is kept open. */
const mostWaiting = 64;

/** Runs tasks of the same name one by one, in the order in which they came. */
export class NameTurns {
  private readonly tails = new Map<string, { waiting: number; tail: Promise<unknown> }>();

  /**
   * Resolves or rejects as the task does.
   * @throws ProblemError 503 `too_many_requests`
   */
  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const turns = this.tails.get(name) ?? { waiting: 0, tail: Promise.resolve() };
    if (turns.waiting > mostWaiting) {
      throw new ProblemError(
        503,
        'too_many_requests',
        `${mostWaiting} calls on the cursor "${name}" wait already: ask again later`,
        { headers: { 'retry-after': '1' } },
      );
    }
    this.tails.set(name, turns);
    turns.waiting += 1;
    const result = turns.tail.then(task);
    turns.tail = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      turns.waiting -= 1;
      if (turns.waiting === 0) this.tails.delete(name);
    }
  }
}
