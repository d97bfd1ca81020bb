// What the agent takes of the machine: memory, descriptors, and how long it keeps others waiting. Each has a bound,
// and what is beyond it is a fault like any other.
import { openDescriptors, residentMB } from '../../test/support/procfs.ts';
import { Prober } from '../support/prober.ts';
import type { Agent } from './agent.ts';
import type { Disagreement } from './comparison.ts';

/** The bounds of a run, by which it says what it saw. */
export interface Bounds {
  /** Resident memory at any time, in MB. */
  readonly residentMB: number;
  /** How much larger it may be late in a life than it was early. */
  readonly growthMB: number;
  /** Descriptors beyond those that the agent had when it was ready. */
  readonly descriptors: number;
  /** How long the loop may stand still. */
  readonly loopMs: number;
}

/** What was seen at most. */
export interface Worst {
  residentMB: number;
  growthMB: number;
  descriptors: number;
  loopMs: number;
}

/**
 * The memory of a life that is too short says nothing about growth: it is early until so many samples have been
 * taken, by when all large trees have been there once, and late after as many more.
 */
const earlySamples = 25;

/** Takes samples of one agent after another. */
export class Vitals {
  readonly worst: Worst = { residentMB: 0, growthMB: 0, descriptors: 0, loopMs: 0 };
  private readonly agent: Agent;
  private readonly bounds: Bounds;
  private readonly prober = new Prober();
  private samples: number[] = [];
  private descriptorsAtFirst = 0;
  private broken = new Set<keyof Bounds>();

  constructor(agent: Agent, bounds: Bounds) {
    this.agent = agent;
    this.bounds = bounds;
  }

  /** Another agent lives, and is ready. */
  begin(): void {
    this.samples = [];
    this.broken = new Set();
    this.descriptorsAtFirst = this.descriptors();
    this.watch(true);
  }

  /** Whether the loop's standstills count from now on: not while the agent is kept from working. */
  watch(counts: boolean): void {
    this.prober.ask(counts ? { socketPath: this.agent.socket, pid: this.agent.pid } : null);
  }

  /** Takes a sample; returns what is out of bounds, once a life each. */
  async sample(): Promise<Disagreement[]> {
    this.samples.push(residentMB(this.agent.pid));
    const loopMs = await this.prober.takeWorstMs();
    const seen: Worst = {
      residentMB: this.samples.at(-1) ?? 0,
      growthMB: this.growthMB(),
      descriptors: this.descriptors() - this.descriptorsAtFirst,
      loopMs,
    };
    const found: Disagreement[] = [];
    for (const name of Object.keys(seen) as (keyof Worst)[]) {
      this.worst[name] = Math.max(this.worst[name], seen[name]);
      if (seen[name] <= this.bounds[name] || this.broken.has(name)) continue;
      this.broken.add(name);
      const text = `${name} ${Math.round(seen[name])}, more than ${this.bounds[name]}`;
      found.push({ fault: 'over bounds', root: '', text, path: undefined });
    }
    return found;
  }

  /** Ends the prober. */
  close(): void {
    this.prober.close();
  }

  private descriptors(): number {
    return openDescriptors(this.agent.pid);
  }

  /** How much larger the least of the newest samples is than the largest early one. */
  private growthMB(): number {
    if (this.samples.length < 2 * earlySamples) return 0;
    const early = Math.max(...this.samples.slice(0, earlySamples));
    return Math.max(0, Math.min(...this.samples.slice(-earlySamples)) - early);
  }
}
