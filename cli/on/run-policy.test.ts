import { describe, expect, it } from '@jest/globals';
import { type BusyPolicy, RunPolicy } from './run-policy.ts';

const quietMs = 50;

/** A policy with a clock of its own, and a command that runs as the policy says. */
class Trial {
  readonly policy: RunPolicy;
  nowMs = 1_000;
  runs = 0;
  stops = 0;
  holds = 0;
  isRunning = false;
  marks = 0;
  /** Whether a mark comes at once. */
  answers = true;

  constructor(busy: BusyPolicy) {
    this.policy = new RunPolicy(busy, quietMs);
  }

  /** Does what the policy says now, and gives the last of it. */
  step(step = this.policy.next(this.nowMs)): string {
    if (step.kind === 'start') {
      this.runs++;
      this.isRunning = true;
      this.policy.started(this.nowMs);
    }
    if (step.kind === 'mark') {
      this.marks++;
      if (this.answers) this.policy.marked();
    }
    if (step.kind === 'stop') this.stops++;
    if (step.kind === 'hold') this.holds++;
    return step.kind;
  }

  /** Lets time pass, doing what is due. */
  pass(ms: number): string {
    const endMs = this.nowMs + ms;
    for (;;) {
      const step = this.policy.next(this.nowMs);
      if (step.kind === 'wait') {
        if (this.nowMs + step.ms > endMs) break;
        this.nowMs += step.ms;
      } else if (this.step(step) === 'rest') break;
    }
    this.nowMs = endMs;
    return this.policy.next(this.nowMs).kind;
  }

  change(paths = 1, more = false): boolean {
    return this.policy.arrived('change', this.nowMs, paths, more);
  }

  end(): void {
    this.isRunning = false;
    this.policy.ended(this.nowMs);
    this.nowMs += 5;
    this.policy.marked();
  }
}

describe('RunPolicy', () => {
  it('runs once nothing has changed for the time given', () => {
    const trial = new Trial('queue');
    expect(trial.step()).toBe('rest');
    for (let each = 0; each < 5; each++) {
      trial.change();
      trial.pass(quietMs - 1);
    }
    expect(trial.runs).toBe(0);
    trial.pass(1);
    expect(trial.runs).toBe(1);
  });

  it('runs within two seconds although changes never pause', () => {
    const trial = new Trial('queue');
    for (let each = 0; each < 100 && trial.runs === 0; each++) {
      trial.change();
      trial.pass(quietMs - 10);
    }
    expect(trial.runs).toBe(1);
    expect(trial.nowMs).toBeLessThanOrEqual(1_000 + 2_000 + quietMs);
  });

  it('waits for what the agent still gathers when it is asked', () => {
    const trial = new Trial('queue');
    trial.answers = false;
    trial.change();
    trial.pass(quietMs);
    expect([trial.marks, trial.runs]).toEqual([1, 0]);
    trial.change();
    trial.policy.marked();
    expect(trial.pass(quietMs - 1)).toBe('wait');
    trial.pass(1);
    expect([trial.marks, trial.runs]).toEqual([2, 0]);
    trial.policy.marked();
    trial.step();
    expect(trial.runs).toBe(1);
  });

  it('takes the pieces of a batch for one', () => {
    const trial = new Trial('queue');
    trial.change(1_000, true);
    expect(trial.pass(10_000)).toBe('rest');
    trial.change(0, false);
    expect(trial.pass(10_000)).toBe('rest');
    expect(trial.runs).toBe(1);
  });

  it('waits no more for a batch that is known to be cut off', () => {
    const trial = new Trial('queue');
    trial.change(1_000, true);
    trial.policy.closeBatch();
    trial.pass(10_000);
    expect(trial.runs).toBe(1);
  });

  it('runs at once for what is there from the start', () => {
    const trial = new Trial('queue');
    trial.answers = false;
    trial.policy.arrived('initial', trial.nowMs);
    expect(trial.step()).toBe('start');
  });

  it('queue: runs once more for all that came meanwhile', () => {
    const trial = new Trial('queue');
    trial.change();
    trial.pass(quietMs);
    for (let each = 0; each < 3; each++) {
      expect(trial.change()).toBe(true);
      expect(trial.pass(1_000)).toBe('rest');
    }
    trial.end();
    trial.pass(quietMs);
    expect(trial.runs).toBe(2);
    trial.end();
    trial.pass(quietMs);
    expect([trial.runs, trial.stops]).toEqual([2, 0]);
  });

  it('ignore: drops what comes meanwhile, until the agent has told all of that time', () => {
    const trial = new Trial('ignore');
    trial.change();
    trial.pass(quietMs);
    expect(trial.change()).toBe(false);
    trial.policy.ended(trial.nowMs);
    expect(trial.change()).toBe(false);
    // Nobody's time but its own: a message that comes between is kept.
    expect(trial.policy.arrived('message', trial.nowMs)).toBe(true);
    trial.policy.marked();
    trial.pass(quietMs);
    expect(trial.runs).toBe(2);
    trial.end();
    expect(trial.change()).toBe(true);
    trial.pass(quietMs);
    expect(trial.runs).toBe(3);
  });

  it('restart: stops the command once, and runs it when it has ended', () => {
    const trial = new Trial('restart');
    trial.change();
    trial.pass(quietMs);
    trial.change();
    trial.pass(quietMs - 1);
    trial.change();
    expect(trial.pass(10_000)).toBe('rest');
    expect([trial.runs, trial.stops]).toEqual([1, 1]);
    trial.change();
    trial.end();
    trial.pass(quietMs);
    expect([trial.runs, trial.stops]).toEqual([2, 1]);
  });

  it('restart: restarts for work on the files as often as there is some', () => {
    const trial = new Trial('restart');
    trial.change();
    trial.pass(quietMs);
    for (let each = 0; each < 50; each++) {
      trial.pass(3_000);
      trial.change();
      trial.pass(quietMs);
      trial.end();
      trial.pass(quietMs);
    }
    expect([trial.runs, trial.stops, trial.holds]).toEqual([51, 50, 0]);
  });

  it.each(['queue', 'restart'] as const)('%s: holds a command that starts itself, after 5 times', (busy) => {
    const trial = new Trial(busy);
    trial.change();
    trial.pass(quietMs);
    while (trial.isRunning && trial.runs < 20) {
      trial.pass(10);
      trial.change();
      trial.end();
      trial.pass(quietMs);
    }
    expect([trial.runs, trial.holds]).toEqual([6, 1]);
    // What comes when nothing runs is somebody's; quiet has to precede it where the command would be running.
    trial.pass(2_000);
    trial.change();
    trial.pass(quietMs);
    expect([trial.runs, trial.holds]).toEqual([7, 1]);
  });

  it('restart: leaves a command running that changes files when it starts', () => {
    const trial = new Trial('restart');
    trial.change();
    trial.pass(quietMs);
    for (let each = 0; each < 20; each++) {
      trial.pass(500);
      trial.change();
      trial.pass(quietMs);
      if (trial.stops === trial.runs) trial.end();
      trial.pass(quietMs);
    }
    expect([trial.runs, trial.stops, trial.holds]).toEqual([6, 5, 1]);
    trial.pass(2_000);
    trial.change();
    trial.pass(quietMs);
    expect(trial.stops).toBe(6);
  });

  it("begins to count anew when one change was not the command's own", () => {
    const trial = new Trial('queue');
    trial.change();
    trial.pass(quietMs);
    for (let each = 0; each < 20; each++) {
      trial.change();
      trial.end();
      if (each % 5 === 4) trial.change();
      trial.pass(quietMs);
    }
    expect([trial.runs, trial.holds]).toEqual([21, 0]);
  });

  it('never holds back a message, and counts a gap as a change', () => {
    const trial = new Trial('queue');
    trial.change();
    trial.pass(quietMs);
    for (let each = 0; each < 20; each++) {
      trial.policy.arrived('message', trial.nowMs);
      trial.end();
      trial.pass(quietMs);
    }
    expect([trial.runs, trial.holds]).toEqual([21, 0]);
    while (trial.isRunning && trial.runs < 40) {
      trial.policy.arrived('gap', trial.nowMs);
      trial.end();
      trial.pass(quietMs);
    }
    expect([trial.runs, trial.holds]).toEqual([26, 1]);
  });

  it('does not wait for ever for the word that all has been told', () => {
    const trial = new Trial('queue');
    trial.change();
    trial.pass(quietMs);
    trial.change();
    trial.policy.ended(trial.nowMs);
    expect(trial.step()).toBe('wait');
    trial.pass(1_000);
    expect(trial.runs).toBe(2);
  });
});
