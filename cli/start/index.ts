// An agent for the commands that need one: waited for, and started where none runs.
export {
  agentFlags,
  agentWords,
  awaitReady,
  defaultReadyMs,
  directoryWords,
  isDirectory,
  namedDirectory,
  readyFlags,
  refuseName,
  startAnswer,
} from './agent-start.ts';
export { agentReviver, ensureAgent, idleExitOf, startFlags } from './ensure-agent.ts';
