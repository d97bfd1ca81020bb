// The groups of one lane, each there as long as it has clients.
import type { Journal } from '../journal/index.ts';
import type { Encoding } from './encoding.ts';
import type { Filter } from './filter.ts';
import { Group, type Member } from './group.ts';
import { ParsedEvents } from './parsed-events.ts';

/** Groups by what their clients share. */
export class Groups {
  private readonly journal: Journal;
  /** What those that are behind read. */
  readonly parsed: ParsedEvents;
  private readonly groups = new Map<string, Group>();

  constructor(journal: Journal) {
    this.journal = journal;
    this.parsed = new ParsedEvents(journal);
  }

  [Symbol.iterator](): Iterator<Group> {
    return this.groups.values();
  }

  /** The group of those who want this, made if there is none. */
  of(filter: Filter, encoding: Encoding): Group {
    const key = Group.key(filter, encoding);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = new Group(filter, encoding, this.journal, this.parsed);
      this.groups.set(key, group);
    }
    return group;
  }

  /** Counts the client among those of its group. */
  join(client: Member): void {
    // While it was held the group may have been left by everybody else, and dropped.
    client.group = this.of(client.group.filter, client.group.encoding);
    client.group.clients.add(client);
  }

  /** Moves a client to the group of another filter. */
  move(client: Member, filter: Filter): void {
    const { group: old } = client;
    client.group = this.of(filter, old.encoding);
    if (client.group === old) return;
    client.group.clients.add(client);
    old.clients.delete(client);
    this.dropIfEmpty(old);
  }

  /** Takes a client out of its group. */
  leave(client: Member): void {
    client.group.clients.delete(client);
    this.dropIfEmpty(client.group);
  }

  private dropIfEmpty(group: Group): void {
    // A client that was held may leave a group that was dropped before: another has its key by now.
    if (group.clients.size === 0 && this.groups.get(group.key) === group) this.groups.delete(group.key);
  }
}
