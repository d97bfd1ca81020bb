// Every command, in the order in which help lists them.
import type { Command } from '../line/index.ts';
import { agent } from './agent.ts';
import { broadcast } from './broadcast.ts';
import { changes } from './changes.ts';
import { clients } from './clients.ts';
import { completion } from './completion.ts';
import { config } from './config.ts';
import { disconnect } from './disconnect.ts';
import { doctor } from './doctor.ts';
import { files } from './files.ts';
import { logs } from './logs.ts';
import { on } from './on.ts';
import { restart } from './restart.ts';
import { roots } from './roots.ts';
import { serve } from './serve.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';
import { store } from './store.ts';
import { sync } from './sync.ts';
import { tail } from './tail.ts';
import { unwatch } from './unwatch.ts';
import { url } from './url.ts';
import { wait } from './wait.ts';
import { watch } from './watch.ts';

export const commands: readonly Command[] = [
  broadcast,
  tail,
  on,
  wait,
  sync,
  files,
  changes,
  watch,
  unwatch,
  roots,
  status,
  clients,
  disconnect,
  serve,
  agent,
  start,
  stop,
  restart,
  logs,
  doctor,
  store,
  config,
  url,
  completion,
];
