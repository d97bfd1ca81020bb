// completion/: what a shell may offer at a place on a command line of agent-cli or agentd, and the scripts that
// teach bash, zsh and fish to ask for it.

import { visibleText } from '../../shared/index.ts';
import { agentdFlags, type Command } from '../line/index.ts';
import { answerPlace } from './answer.ts';
import { agentdProgram, cliProgram } from './grammar.ts';
import { placeOf } from './place.ts';
import type { Shell } from './shell-names.ts';
import { questionOf } from './shells.ts';

export { completionScript } from './scripts.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Answers a shell's question.
 * @param words the shell, the program, and the words of the line behind it; the last one is to be completed
 * @returns lines for the script of that shell
 */
export async function answerShell(
  [shell = '', program = '', ...words]: readonly string[],
  commands: readonly Command[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const question = questionOf(shell as Shell, words, env);
  const [first, ...others] = question.before;
  const passedOn = program !== 'agentd' && commands.some(({ name, passesOn }) => name === first && passesOn);
  const grammar =
    passedOn || program === 'agentd' ? agentdProgram(agentdFlags) : cliProgram(commands, agentdFlags);
  const place = placeOf(grammar, passedOn ? others : question.before, question.current);
  const answer = await answerPlace(place, env);
  // A line is a value, and a terminal shows it: what can't be written in one is not offered.
  const values = answer.values
    .filter(({ value }) => !control.test(value))
    .map(({ value, about }) => ({ value, about: visibleText(about) }));
  return question.write({ ...answer, values });
}
