// The agent, from outside: found by what it left in its directories, asked, and what is said when it does not answer.
export {
  cliCommand,
  explainFailure,
  isStopped,
  killCommand,
  missingAgent,
  overdueAgent,
  startCommand,
} from './agent-failure.ts';
export { agentdProgram } from './agentd-program.ts';
export { answerTimeoutMs, Connection } from './connection.ts';
export { requirePrivateRuntime, requirePrivateState } from './private-place.ts';
export { type AgentContext, checkProtocol, noteOtherProtocol, noteOtherVersion } from './protocol-check.ts';
export { runFileHints } from './run-file.ts';
export { type ProvenAgent, provenAgent } from './socket-owner.ts';
export { TimeLimit } from './time-limit.ts';
