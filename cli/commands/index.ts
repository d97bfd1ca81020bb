// Every command, in the order in which help lists them.
import type { Command } from '../command.ts';
import { broadcast } from './broadcast.ts';
import { clients } from './clients.ts';
import { logs } from './logs.ts';
import { restart } from './restart.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { tail } from './tail.ts';
import { url } from './url.ts';

export const commands: readonly Command[] = [
  broadcast,
  tail,
  status,
  clients,
  start,
  stop,
  restart,
  logs,
  url,
];
