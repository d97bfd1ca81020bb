// The run: small operations, calamities among them, and comparisons.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { randomFrom } from '../../test/support/random-operations.ts';
import { Agent, type Life } from './agent.ts';
import { account, compare, compareAt, compareUntold, type Disagreement, type Parties } from './comparison.ts';
import { Follower } from './follower.ts';
import { History } from './history.ts';
import { LargeTrees } from './large-trees.ts';
import { fewNames, manyNames, Operations, ruledNames } from './operations.ts';
import { type Special, type Stage, weighed } from './stage.ts';
import { Tally } from './tally.ts';
import { Truth } from './truth.ts';
import { type Bounds, Vitals } from './vitals.ts';
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
  /** The kinds of calamities. */
  readonly specials: readonly Special[];
  readonly bounds: Bounds;
  /** Whether the first disagreement ends it. */
  readonly stop: boolean;
  /** Takes the accounts of disagreements. */
  readonly report: (text: string) => void;
}

/** Small operations between two comparisons. */
const compareAfter = 8000;
/** Which part of the comparisons comes after a while in which nobody asks for anything. */
const untoldPart = 0.5;
/** Small operations in a row without a pause, at most. */
const longestBurst = 8000;
/** Small operations in a row with pauses, at most; which part of them are followed by one; how long. */
const paced = { most: 500, part: 0.3, pauseMs: 5 };
/** Beside a program or an agent at work, at most; however long that takes, there is more to come. */
const mostBeside = 3000;
/** As many of those in a row as let what they are beside get on with it. */
const operationsPerTurn = 20;
/** Which part of the times there is a calamity. */
const specialPart = 0.6;
/**
 * With the default a large tree moved in two roots at once is more than the journal keeps: a client that falls out of
 * it begins anew, and what it was to be told goes unchecked. So that is for one part of the lives.
 */
const roomyJournalBytes = 128 * 2 ** 20;
const firstLife: Life = { settleMs: undefined, journalBytes: undefined, birthTimes: true };

/** One run. */
export class Soak {
  readonly tally = new Tally();
  readonly vitals: Vitals;
  private readonly options: SoakOptions;
  private readonly random: () => number;
  private readonly workplace = new Workplace();
  private readonly agent: Agent;
  private readonly follower: Follower;
  private readonly parties: Parties;
  private readonly history = new History();
  private readonly trees: Operations[] = [];
  private readonly stage: Stage;
  private comparedAt = 0;
  /** What came last. */
  after = 'small operations';

  constructor(options: SoakOptions) {
    this.options = options;
    this.random = randomFrom(options.seed);
    const { workplace, random } = this;
    const { roots, runtime, state, outer, nested, archive } = workplace;
    const agent = new Agent({ agentd: options.agentd, backend: options.backend, roots, runtime, state });
    const follower = new Follower(agent);
    this.agent = agent;
    this.follower = follower;
    this.parties = { agent, follower, truth: new Truth() };
    this.vitals = new Vitals(agent, options.bounds);
    const note = (what: string, ...paths: readonly string[]): void =>
      this.history.note(this.tally.operations, what, ...paths);
    const run = workplace.run.bind(workplace);
    this.stage = {
      workplace,
      agent,
      follower,
      vitals: this.vitals,
      large: new LargeTrees({ homes: [outer, nested], random, note, run, archive }),
      random,
      note,
      run,
      during: (work) => this.during(work),
      burst: (operations) => this.burst(operations),
      compareAt: (cursor) => compareAt(this.parties, cursor),
      agrees: async (found) => void (await this.agrees(found)),
      start: (meanwhile) => this.start(this.nextLife(), meanwhile),
    };
  }

  /** Does everything that was asked for; resolves at its end, or at that of the time. */
  async run(): Promise<void> {
    const { operations, minutes, stop, specials } = this.options;
    await this.workplace.prepare();
    this.plant();
    await this.start(firstLife);
    while (this.tally.operations < operations && this.tally.elapsedMs < minutes * 60_000) {
      const most = operations - this.tally.operations;
      if (this.random() < 0.4) await this.amble(Math.min(most, Math.floor(this.random() * paced.most)));
      else this.burst(Math.floor(this.random() * longestBurst));
      const special = this.random() < specialPart ? weighed(specials, this.random) : undefined;
      this.after = special?.name ?? 'small operations';
      if (special !== undefined) {
        await special.run(this.stage);
        this.tally.countSpecial(special.name);
      }
      const due = this.tally.operations - this.comparedAt >= compareAfter;
      if (special !== undefined || due) await this.agrees();
      if (stop && !this.tally.clean) break;
    }
    await this.agrees();
    await this.end('SIGTERM');
  }

  /** Ends what it started and removes what it made, at once: for the end of the process. */
  abandon(): void {
    this.agent.kill();
    this.vitals.close();
    this.parties.truth.close();
    this.workplace.remove();
  }

  /** Trees of small operations: few names and many, in memory and on disk, nested and not, with rules and without. */
  private plant(): void {
    const { outer, nested, repository, ruled, timeless } = this.workplace;
    const [wide, scratch] = [join(outer, 'wide'), join(repository, 'scratch')];
    for (const path of [wide, scratch]) mkdirSync(path);
    const plans = [
      { base: outer, names: fewNames, elsewhere: nested },
      { base: nested, names: fewNames, elsewhere: wide },
      { base: wide, names: manyNames, elsewhere: nested },
      { base: repository, names: fewNames, elsewhere: scratch },
      { base: scratch, names: manyNames, elsewhere: repository },
      { base: ruled, names: ruledNames, elsewhere: scratch },
      { base: timeless, names: fewNames, elsewhere: timeless },
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

  private async during(work: Promise<unknown>): Promise<void> {
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

  private nextLife(): Life {
    return {
      settleMs: this.random() < 0.25 ? 0 : undefined,
      journalBytes: this.random() < 0.5 ? roomyJournalBytes : undefined,
      birthTimes: this.random() < 0.75,
    };
  }

  private async start(life: Life, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    this.stage.note(`start ${JSON.stringify(life)}`, ...this.workplace.roots);
    await this.during(Promise.all([this.agent.start(life), meanwhile()]));
    // The index is read while it goes on changing.
    await this.during(this.follower.begin(this.workplace.roots));
    this.vitals.begin();
  }

  /**
   * Compares; tells of what disagrees, and begins anew after it, so that nothing is counted twice.
   * @param found what was found already
   */
  private async agrees(found?: Disagreement[]): Promise<void> {
    const { agent, follower, parties, tally } = this;
    this.comparedAt = tally.operations;
    tally.comparisons += 1;
    agent.assertAlive();
    const disagreements = found ?? (await this.compare());
    tally.recrawlGaps = follower.recrawlGaps;
    tally.resets = follower.resets;
    if ((await agent.status()).some(({ degraded }) => degraded !== null)) tally.degradedComparisons += 1;
    if (disagreements.length === 0) return;
    tally.countFaults(disagreements);
    const { options, after } = this;
    options.report(
      `seed ${options.seed}, operation ${tally.operations}, after ${after}: ${disagreements.length} disagreements\n`,
    );
    options.report(await account(disagreements, parties, this.history));
    // The rest of what the agent took of the machine is as true as before.
    if (disagreements.every(({ fault }) => fault === 'over bounds')) return;
    await this.end('SIGTERM');
    await this.start(this.nextLife());
  }

  private async compare(): Promise<Disagreement[]> {
    const untold = this.random() < untoldPart;
    if (untold) this.tally.untold += 1;
    const silent = untold ? await compareUntold(this.parties) : [];
    return [...silent, ...(await compare(this.parties)), ...(await this.vitals.sample())];
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.follower.disconnect();
    this.vitals.watch(false);
    await this.agent.end(signal);
  }
}
