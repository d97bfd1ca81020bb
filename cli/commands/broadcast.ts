import { durationFlag, jsonFlag, textFlag } from '../../shared/flags/index.ts';
import { type BroadcastAnswer, formatBytes, isNestedDeeper, limits, UsageError } from '../../shared/index.ts';
import { cliCommand } from '../agent/index.ts';
import { defineCommand } from '../line/index.ts';
import { CliError, exitCodes, programName, RefusedError } from '../outcome/index.ts';

/** What became of a message, as people read it. */
export function describeDelivery(answer: BroadcastAnswer): string {
  const counts = `delivered to ${answer.delivered} of ${answer.matched} clients (${answer.cursor})`;
  return answer.lagging > 0 ? `${counts} — ${answer.lagging} lagging` : counts;
}

/** The counts in the agent's answer that waiting took too long, if they are there. */
export function countsOf(problem: Readonly<Record<string, unknown>>): BroadcastAnswer | undefined {
  const { cursor, matched, delivered, lagging } = problem;
  return typeof cursor === 'string' &&
    typeof matched === 'number' &&
    typeof delivered === 'number' &&
    typeof lagging === 'number'
    ? { cursor, matched, delivered, lagging }
    : undefined;
}

/**
 * Standard input as a message. Its last line break is the shell's, not the message's: `echo hi` sends "hi".
 * @throws UsageError for what can't be sent: more than a message may hold, or text that is not UTF-8
 */
async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // An endless input would otherwise fill the memory before anything is said.
    if (bytes > limits.bodyBytes) throw tooLong(`more than ${formatBytes(limits.bodyBytes)}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(
      'standard input is not UTF-8 text',
      `encode it first, as with: base64 | ${programName} broadcast - (${String(error)})`,
    );
  }
}

function tooLong(size: string): UsageError {
  return new UsageError(
    `the message is ${size} and may be ${formatBytes(limits.bodyBytes)}`,
    'put the data in a file and send its path',
  );
}

export const broadcast = defineCommand({
  name: 'broadcast',
  operands: 'MSG...',
  summary: 'Send a message to every client that wants its topic',
  details: 'The words of MSG are joined by a blank; - alone stands for standard input.',
  examples: [
    ['agent-cli broadcast build finished', 'send "build finished" on the topic message'],
    [`agent-cli broadcast --topic build.done --data '{"ok":true}'`, 'send JSON on a topic'],
    ['git log -1 | agent-cli broadcast -', 'send what a command prints'],
    ['agent-cli broadcast --wait 1000 reload', 'wait until all clients have it, at most a second'],
  ],
  flags: {
    topic: textFlag('Send on this topic (default: message)', 'topic'),
    data: jsonFlag('Send this JSON instead of MSG'),
    key: textFlag('Send once: the same key again within 5 minutes is not sent, but answered alike'),
    wait: durationFlag(
      'Wait until no client lags; exit 4 if that takes longer than this many ms, not counting those for standard input',
      0,
    ),
  },
  timeLimitMs: ({ wait }) => wait,
  async run(flags, operands, { connection, output, json }) {
    if (flags.data !== undefined && operands.length > 0) {
      throw new UsageError('MSG and --data are two messages: give one of them');
    }
    if (flags.data === undefined && operands.length === 0) {
      throw new UsageError('there is nothing to send', 'give MSG, or - for standard input, or --data JSON');
    }
    const isPiped = operands.length === 1 && operands[0] === '-';
    // The time is for the clients, not for whoever writes the message.
    if (isPiped) connection.limit?.pause();
    const data =
      flags.data === undefined
        ? isPiped
          ? await readStandardInput()
          : operands.join(' ')
        : flags.data.value;
    if (isNestedDeeper(data, limits.dataDepth)) {
      throw new UsageError(
        `the data has more than ${limits.dataDepth} levels of arrays and objects inside one another`,
        'send it as text, which may hold any JSON',
      );
    }
    const body = {
      ...(flags.topic === undefined ? {} : { topic: flags.topic }),
      data,
      ...(flags.key === undefined ? {} : { key: flags.key }),
    };
    const bodyBytes = Buffer.byteLength(JSON.stringify(body));
    if (bodyBytes > limits.bodyBytes) throw tooLong(`${formatBytes(bodyBytes)} long`);

    connection.limit?.resume();
    const print = (answer: BroadcastAnswer) =>
      json ? output.json(JSON.stringify(answer)) : output.result(describeDelivery(answer));
    try {
      print(
        await connection.request<BroadcastAnswer>({
          method: 'POST',
          path: flags.wait === undefined ? '/v1/messages' : `/v1/messages?wait=${flags.wait}`,
          body,
        }),
      );
      return exitCodes.done;
    } catch (error) {
      const counts =
        error instanceof RefusedError && error.status === 504 ? countsOf(error.problem) : undefined;
      if (counts === undefined) throw error;
      print(counts);
      throw new CliError(
        exitCodes.timeRanOut,
        `after ${flags.wait} ms ${counts.lagging} of ${counts.matched} clients still lagged; the message is sent and they get it when they read`,
        { cause: error, hint: `see which: ${cliCommand(connection.instance, 'clients')}` },
      );
    }
  },
});
