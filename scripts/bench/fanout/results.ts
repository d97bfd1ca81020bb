// What was measured.
import { type Spread, spread } from '../support/numbers.ts';
import type { Server } from './server.ts';

/** Messages to all clients, one at a time or in bursts. */
export interface Phase {
  readonly deliveries: number;
  /** Of the server, by the kernel's count. */
  readonly cpuMs: number;
  readonly seconds: number;
  /** From sending until the last client had it; one a message, in ms. */
  readonly latenciesMs: readonly number[];
}

/** What one start of a server gave. */
export interface Round {
  /** Rounds of the same number are neighbours in time: what one server gave is compared with what another gave then. */
  readonly number: number;
  /** Resident memory that a connected client costs before anything is sent. */
  readonly idleKiB: number;
  readonly single: Phase;
  readonly bursts: Phase;
}

/** One server with so many clients. */
export interface Fanout {
  readonly server: Server;
  readonly clients: number;
  readonly rounds: readonly Round[];
}

/** One server, behind a client that may have stopped reading. */
export interface Stuck {
  readonly server: Server;
  readonly stuck: boolean;
  readonly latenciesMs: readonly number[];
  /** Resident memory of the server at the end. */
  readonly residentMB: number;
  /** What it holds above what it began with. */
  readonly grownMB: number;
}

/** agentd without a client that sees ignored files, and beside one. */
export interface Wide {
  readonly without: readonly Round[];
  readonly beside: readonly Round[];
  readonly ignoredFiles: number;
  /** Of changes that only the wide view holds: events handed to its client, and to all others. */
  readonly ownDeliveries: number;
  readonly otherDeliveries: number;
}

/** A full journal of agentd, from the oldest event that it holds. */
export interface Replay {
  readonly clients: number;
  readonly messages: number;
  /** One a replay, to all clients together. */
  readonly megabytesPerSecond: readonly number[];
}

/** Everything of a run. */
export interface Results {
  readonly fanouts: readonly Fanout[];
  readonly stuck: readonly Stuck[];
  readonly replays: readonly Replay[];
  readonly wide?: Wide | undefined;
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}

/** A number of each round, by how far the rounds lie apart. */
export function spreadOf(fanout: Fanout | undefined, of: (round: Round) => number): Spread {
  return spread(fanout?.rounds.map(of) ?? []);
}

/** How many times another server's number it is, round by round: only what repeats is worth telling. */
export function spreadOfRatio(
  fanout: Fanout | undefined,
  base: Fanout | undefined,
  of: (round: Round) => number,
): Spread {
  const ratios = fanout?.rounds.flatMap((round) => {
    const other = base?.rounds.find(({ number }) => number === round.number);
    return other === undefined ? [] : [of(round) / of(other)];
  });
  return spread(ratios ?? []);
}

/** Processor time of the server a delivery, in µs. */
export function cpuUs({ cpuMs, deliveries }: Phase): number {
  return (cpuMs * 1000) / deliveries;
}

/** The fan-out of one server to so many clients. */
export function fanoutOf(results: Results, key: Server['key'], clients: number): Fanout | undefined {
  return results.fanouts.find((fanout) => fanout.server.key === key && fanout.clients === clients);
}
