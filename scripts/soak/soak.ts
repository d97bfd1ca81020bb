// The run: small operations, calamities among them, and comparisons.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { randomFrom } from '../../test/support/random-operations.ts';
import { Agent } from './agent.ts';
import { account, compare } from './comparison.ts';
import { Follower } from './follower.ts';
import { History } from './history.ts';
import { LargeTrees } from './large-trees.ts';
import { fewNames, manyNames, Operations } from './operations.ts';
import { type Special, type Stage, specials } from './specials.ts';
import { Tally } from './tally.ts';
import { Workplace } from './workplace.ts';

/** What a run is asked for. */
export interface SoakOptions {
  readonly operations: number;
  readonly seed: number;
  /** When it ends, however much is done. */
  readonly minutes: number;
  readonly backend: string;
  /** The built `agentd.js`. */
  readonly agentd: string;
  /** The one kind of calamity wanted, by its name; undefined: all. */
  readonly only: string | undefined;
  /** Whether the first disagreement ends it. */
  readonly stop: boolean;
  /** Takes the accounts of disagreements. */
  readonly report: (text: string) => void;
}

/** Small operations between two comparisons. */
const compareAfter = 3000;
/** Small operations in a row without a pause, at most. */
const longestBurst = 2500;
/** Small operations in a row with pauses, at most; which part of them are followed by one; how long. */
const paced = { most: 500, part: 0.3, pauseMs: 5 };
/** Beside a program or an agent at work, at most; however long that takes, there is more to come. */
const mostBeside = 3000;
/** As many of those in a row as let what they are beside get on with it. */
const operationsPerTurn = 20;

/** One run. */
export class Soak {
  readonly tally = new Tally();
  private readonly options: SoakOptions;
  private readonly random: () => number;
  private readonly workplace = new Workplace();
  private readonly agent: Agent;
  private readonly follower: Follower;
  private readonly history = new History();
  private readonly trees: Operations[] = [];
  private readonly stage: Stage;
  private comparedAt = 0;

  constructor(options: SoakOptions) {
    this.options = options;
    this.random = randomFrom(options.seed);
    const { workplace, random } = this;
    const { roots, runtime, state, outer, nested, archive } = workplace;
    this.agent = new Agent({ agentd: options.agentd, backend: options.backend, roots, runtime, state });
    this.follower = new Follower(this.agent);
    const note = (what: string, ...paths: readonly string[]): void =>
      this.history.note(this.tally.operations, what, ...paths);
    const large = new LargeTrees({
      homes: [outer, nested],
      random,
      note,
      run: (program, args) => workplace.run(program, args),
      archive,
    });
    this.stage = {
      workplace,
      agent: this.agent,
      follower: this.follower,
      large,
      random,
      note,
      during: (work) => this.during(work),
      burst: (operations) => this.burst(operations),
    };
  }

  /** Does everything that was asked for; resolves at its end, or at that of the time. */
  async run(): Promise<void> {
    const { operations, minutes, stop } = this.options;
    await this.workplace.prepare();
    this.plant();
    await this.agent.start();
    await this.follower.begin(this.workplace.roots);
    while (this.tally.operations < operations && this.tally.elapsedMs < minutes * 60_000) {
      const most = operations - this.tally.operations;
      if (this.random() < 0.4) await this.amble(Math.min(most, Math.floor(this.random() * paced.most)));
      else this.burst(Math.floor(this.random() * longestBurst));
      const special = this.random() < 0.6 ? this.pick() : undefined;
      if (special !== undefined) {
        await special.run(this.stage);
        this.tally.countSpecial(special.name);
      }
      const due = this.tally.operations - this.comparedAt >= compareAfter;
      if ((special !== undefined || due) && !(await this.agrees(special)) && stop) break;
    }
    await this.agrees(undefined);
    await this.end('SIGTERM');
  }

  /** Ends what it started and removes what it made, at once: for the end of the process. */
  abandon(): void {
    this.agent.kill();
    this.workplace.remove();
  }

  /** Trees of small operations: few names and many, in memory and on disk, nested and not. */
  private plant(): void {
    const { outer, nested, repository } = this.workplace;
    const [wide, scratch] = [join(outer, 'wide'), join(repository, 'scratch')];
    for (const path of [wide, scratch]) mkdirSync(path);
    const plans = [
      { base: outer, names: fewNames, elsewhere: nested },
      { base: nested, names: fewNames, elsewhere: wide },
      { base: wide, names: manyNames, elsewhere: nested },
      { base: repository, names: fewNames, elsewhere: scratch },
      { base: scratch, names: manyNames, elsewhere: repository },
    ];
    for (const [index, plan] of plans.entries()) {
      this.trees.push(new Operations({ ...plan, seed: this.options.seed + index, note: this.stage.note }));
    }
  }

  private step(): void {
    this.trees[Math.floor(this.random() * this.trees.length)]?.step();
    this.tally.operations += 1;
  }

  private burst(operations: number): void {
    const most = this.options.operations - this.tally.operations;
    for (let done = 0; done < Math.min(operations, most); done++) this.step();
  }

  private async amble(operations: number): Promise<void> {
    for (let done = 0; done < operations; done++) {
      this.step();
      if (this.random() < paced.part) await delay(this.random() * paced.pauseMs);
    }
  }

  private async during(work: Promise<void>): Promise<void> {
    let under = true;
    const done = work.finally(() => {
      under = false;
    });
    // Awaited in the end; a failure in between is none that nobody handles.
    done.catch(() => {});
    const most = Math.min(this.options.operations, this.tally.operations + mostBeside);
    while (under && this.tally.operations < most) {
      this.burst(operationsPerTurn);
      if (this.random() < paced.part) await delay(this.random() * paced.pauseMs);
      else await nextTurn();
    }
    await done;
  }

  private pick(): Special | undefined {
    const wanted = specials.filter(({ name }) => name === (this.options.only ?? name));
    let at = this.random() * wanted.reduce((sum, { weight }) => sum + weight, 0);
    return wanted.find(({ weight }) => {
      at -= weight;
      return at < 0;
    });
  }

  /** Compares; tells of what disagrees, and begins anew after it, so that nothing is counted twice. */
  private async agrees(after: Special | undefined): Promise<boolean> {
    const { agent, follower, options, tally, workplace } = this;
    this.comparedAt = tally.operations;
    tally.comparisons += 1;
    agent.assertAlive();
    const found = await compare(agent, follower, workplace.roots);
    tally.recrawlGaps = follower.recrawlGaps;
    tally.resets = follower.resets;
    if ((await agent.status()).some(({ degraded }) => degraded !== null)) tally.degradedComparisons += 1;
    if (found.length === 0) return true;
    tally.countFaults(found);
    const where = `seed ${options.seed}, operation ${tally.operations}, after ${after?.name ?? 'small operations'}`;
    options.report(
      `${where}: ${found.length} disagreements\n${await account(found, agent, follower, this.history)}`,
    );
    await this.end('SIGTERM');
    await agent.start();
    await follower.begin(workplace.roots);
    return false;
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.follower.disconnect();
    await this.agent.end(signal);
  }
}
