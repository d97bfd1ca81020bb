// Whom messages are for that are about to be delivered: counted, and in the log where somebody wants to see them there.
import type { Log } from '../log/index.ts';
import type { Copy } from './broadcast.ts';
import type { Group, Recent } from './group.ts';

/** Counts for how many clients of these groups messages are: those that are connected, and whose filter takes them. */
export function countAddressees(groups: Iterable<Group>, sending: readonly Copy[]): void {
  for (const group of groups) {
    group.sent = sending.filter(({ topic }) => group.filter.takesTopic(topic));
    let clients = 0;
    for (const client of group.clients) {
      if (client.lost) continue;
      if (client.markers.length === 0) clients += 1;
      else for (const copy of sending) if (client.isFor(copy)) copy.matches(1);
    }
    for (const copy of group.sent) copy.matches(clients);
  }
}

/** Writes into the log which message goes to which client. */
export function logAddressees(log: Log, group: Group, recent: readonly Recent[]): void {
  for (const { event } of recent) {
    if (event.type !== 'message' || !group.filter.concerns(event)) continue;
    for (const client of group.clients) {
      log.debug('message goes to client', { cursor: event.cursor, ...client.describe() });
    }
  }
}
