// What was measured.
import { median } from '../support/numbers.ts';
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

/** One server with so many clients. */
export interface Fanout {
  readonly server: Server;
  readonly clients: number;
  /** Resident memory that a connected client costs before anything is sent. */
  readonly idleKiB: number;
  readonly single: Phase;
  readonly bursts: Phase;
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
  /** What could not be measured, and why. */
  readonly failures: readonly string[];
}

/** The rounds of one server as one; none where there was none. */
export function together(rounds: readonly Fanout[]): Fanout[] {
  const [first] = rounds;
  if (first === undefined) return [];
  const { server, clients } = first;
  return [
    {
      server,
      clients,
      idleKiB: median(rounds.map(({ idleKiB }) => idleKiB)),
      single: joined(rounds.map(({ single }) => single)),
      bursts: joined(rounds.map(({ bursts }) => bursts)),
    },
  ];
}

function joined(phases: readonly Phase[]): Phase {
  const sum = (of: (phase: Phase) => number): number => phases.reduce((total, phase) => total + of(phase), 0);
  return {
    deliveries: sum(({ deliveries }) => deliveries),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    seconds: sum(({ seconds }) => seconds),
    latenciesMs: phases.flatMap(({ latenciesMs }) => latenciesMs),
  };
}

/** Processor time of the server a delivery, in µs. */
export function cpuUs({ cpuMs, deliveries }: Phase): number {
  return (cpuMs * 1000) / deliveries;
}

/** The fan-out of one server to so many clients. */
export function fanoutOf(results: Results, key: Server['key'], clients: number): Fanout | undefined {
  return results.fanouts.find((fanout) => fanout.server.key === key && fanout.clients === clients);
}
