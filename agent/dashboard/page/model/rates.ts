// How much happened in each of the last seconds.

/** What is counted. */
export interface Counted {
  readonly isMessage: boolean;
  /** UTF-8 bytes of its JSON. */
  readonly bytes: number;
}

/** A value for each second, oldest first; null where it is not known. */
export interface RateSeries {
  /** Seconds since 1970. */
  readonly seconds: readonly number[];
  readonly events: readonly (number | null)[];
  readonly messages: readonly (number | null)[];
  readonly bytes: readonly (number | null)[];
}

/** The charts' width in time. */
const chartSeconds = 300;

/** A ring of a second each. Times are the agent's clock, milliseconds since 1970. */
export class Rates {
  readonly #length: number;
  /** Which second a place of the ring stands for. */
  readonly #seconds: Float64Array;
  readonly #events: Float64Array;
  readonly #messages: Float64Array;
  readonly #bytes: Float64Array;
  #knownFromSecond = Number.POSITIVE_INFINITY;

  /** @param seconds how many are remembered */
  constructor(seconds: number = chartSeconds) {
    // And the one that is under way.
    this.#length = seconds + 1;
    this.#seconds = new Float64Array(this.#length).fill(-1);
    this.#events = new Float64Array(this.#length);
    this.#messages = new Float64Array(this.#length);
    this.#bytes = new Float64Array(this.#length);
  }

  /** From when on everything that happened is counted, if it was not known for longer. */
  knownFrom(timeMs: number): void {
    this.#knownFromSecond = Math.min(this.#knownFromSecond, Math.ceil(timeMs / 1000));
  }

  /** Counts an event of the journal. */
  add(timeMs: number, { isMessage, bytes }: Counted): void {
    const second = Math.floor(timeMs / 1000);
    const place = second % this.#length;
    const there = this.#seconds[place] ?? -1;
    // Older than what the ring holds by now.
    if (second < there) return;
    if (second > there) {
      this.#seconds[place] = second;
      this.#events[place] = this.#messages[place] = this.#bytes[place] = 0;
    }
    this.#events[place] = (this.#events[place] ?? 0) + 1;
    if (isMessage) this.#messages[place] = (this.#messages[place] ?? 0) + 1;
    this.#bytes[place] = (this.#bytes[place] ?? 0) + bytes;
  }

  /** The last whole seconds before `nowMs`. */
  series(nowMs: number): RateSeries {
    const end = Math.floor(nowMs / 1000);
    const seconds = Array.from({ length: this.#length - 1 }, (_, index) => end - this.#length + 1 + index);
    const of = (values: Float64Array) =>
      seconds.map((second) => {
        if (second < this.#knownFromSecond) return null;
        const place = second % this.#length;
        return this.#seconds[place] === second ? (values[place] ?? 0) : 0;
      });
    return {
      seconds,
      events: of(this.#events),
      messages: of(this.#messages),
      bytes: of(this.#bytes),
    };
  }
}

/** The greatest value of a series; 0 where nothing is known. */
export function greatest(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}
