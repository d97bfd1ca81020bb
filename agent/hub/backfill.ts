// What clients hold beside the events of the journal: what exists, as a snapshot or as a root's entries when it comes or
// goes. A client that waits for a snapshot is held until there is one.
import type { FileEvent } from '../../shared/index.ts';
import type { Log } from '../log/index.ts';
import type { Interlude } from './catch-up.ts';
import type { Delivery } from './delivery.ts';
import type { Greeting } from './greeting.ts';
import type { Member } from './group.ts';
import { type Insertion, pieceOf } from './insertion.ts';
import type { SnapshotCourse, SnapshotSource } from './snapshot.ts';

/**
 * Added or removed roots whose entries wait for one client, each held in memory as long as it is slow; one that is
 * further behind gets a fresh snapshot.
 */
const mostInsertions = 4;

/** Brings clients snapshots and insertions. */
export class Backfill implements Interlude {
  private readonly delivery: Delivery;
  private readonly greeting: Greeting;
  private readonly course: SnapshotCourse;
  private readonly source: SnapshotSource;
  private readonly roots: () => readonly string[];
  private readonly log: Log;

  /**
   * @param course what snapshots have to fit
   * @param roots the real paths of all roots
   */
  constructor(
    delivery: Delivery,
    greeting: Greeting,
    course: SnapshotCourse,
    source: SnapshotSource,
    roots: () => readonly string[],
    log: Log,
  ) {
    this.delivery = delivery;
    this.greeting = greeting;
    this.course = course;
    this.source = source;
    this.roots = roots;
    this.log = log;
  }

  /**
   * Holds a client until it can have a snapshot; it goes on from there.
   * @param greet sends it what comes before the snapshot
   */
  hold(client: Member, greet: (roots: readonly string[]) => void): void {
    const place = this.source.take(client.group.filter, this.course, {
      isSlow: () => !this.delivery.readers.keepsUp(client),
      evict: () => {
        this.release(client);
        this.delivery.writer.closeSlow(
          client,
          'the snapshot was read too slowly while others waited for theirs',
        );
      },
    });
    client.place = place;
    place.taken
      .then((taken) => {
        if (client.place !== place) return;
        if (taken.rootsVersion < client.rootsVersion) {
          this.release(client);
          this.hold(client, greet);
          return;
        }
        this.delivery.flush();
        this.delivery.skipTo(client, taken.seq);
        // What came or went before it is in it already.
        client.insertions = client.insertions.filter((it) => it.rootsVersion > taken.rootsVersion);
        client.inserted = 0;
        client.isOutdated = false;
        if (taken.frames.length > 0) client.snapshot = { taken, sent: 0 };
        else this.release(client);
        // Of a snapshot of one root, hello names the others all the same.
        greet(client.group.filter.spec.root === undefined ? taken.roots : this.roots());
        this.delivery.readOn(client);
      })
      .catch((error: unknown) => {
        if (client.place !== place) return;
        this.log.error('snapshot failed', { ...client.describe(), error });
        client.outlet.close(1011, 'the snapshot failed');
      });
  }

  /** Lets go of a client's snapshot, or of its place among those that wait for one. */
  release(client: Member): void {
    client.place?.leave();
    client.place = undefined;
    client.snapshot = undefined;
  }

  /** Has a client get a root's entries at a position that it has not passed. */
  insert(client: Member, insertion: Insertion): void {
    if (client.live) this.delivery.fallBehind(client, this.delivery.frontSeq, false);
    if (client.insertions.length < mostInsertions) client.insertions.push(insertion);
    else {
      client.insertions = [];
      client.inserted = 0;
      client.rootsVersion = insertion.rootsVersion;
      client.isOutdated = true;
    }
    this.delivery.readOn(client);
  }

  send(client: Member): number | undefined {
    if (client.snapshot !== undefined) return this.sendSnapshot(client, client.snapshot);
    const insertion = client.insertions[0];
    if (insertion === undefined || insertion.afterSeq > client.seq) return undefined;
    return this.sendInserted(client, insertion);
  }

  untilSeq({ insertions }: Member): number {
    return insertions[0]?.afterSeq ?? Number.POSITIVE_INFINITY;
  }

  overtaken(client: Member, seq: number): void {
    const before = client.seq;
    const tellGap = (): void => this.greeting.gap(client, 'slow', client.seq - before);
    if (client.wantsSnapshot) {
      this.hold(client, (roots) => {
        // How many roots the snapshot has is what `hello` says.
        if (!isSameList(roots, client.roots)) this.greeting.hello(client, false, roots);
        tellGap();
      });
    } else {
      // With a filter that takes no files any more there is nothing to be brought up to date.
      client.isOutdated = false;
      if (before >= seq) return;
      this.delivery.skipTo(client, seq);
      tellGap();
    }
  }

  private sendSnapshot(client: Member, snapshot: NonNullable<Member['snapshot']>): number {
    const { taken } = snapshot;
    const piece = taken.frames[snapshot.sent] as Buffer;
    snapshot.sent += 1;
    const isLast = snapshot.sent === taken.frames.length;
    const cursor = isLast ? this.delivery.journal.cursor(taken.seq) : undefined;
    const buffer = client.group.encoding.snapshot(piece, cursor);
    if (isLast) this.release(client);
    if (buffer.length > 0) this.delivery.writer.writeOne(client, buffer, 0);
    return buffer.length;
  }

  private sendInserted(client: Member, insertion: Insertion): number {
    if (client.inserted === insertion.pieces.length) {
      client.insertions.shift();
      client.inserted = 0;
      this.delivery.writer.control(client, insertion.frame);
      return 0;
    }
    const json = pieceOf(insertion, client.inserted);
    const buffer = client.group.encoding.event(JSON.parse(json.toString('utf8')) as FileEvent, () => json);
    client.inserted += 1;
    this.delivery.writer.writeOne(client, buffer, 1);
    return buffer.length;
  }
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
