// How each shell asks and wants to be answered. The scripts know nothing of commands and flags: they ask the
// program each time, with the words of the line, and get lines back, the first of which says what kind.
import type { Answer } from './answer.ts';
import { bashLine } from './bash-words.ts';
import type { Shell } from './shell-names.ts';

/** A question of a shell. */
export interface Question {
  readonly before: readonly string[];
  readonly current: string;
  /** The answer as this shell reads it, line by line. */
  write(answer: Answer): string[];
}

/** COMP_TYPE while bash lists what fits, after the second TAB: nothing of it gets on the line. */
const listing = '63';

function bashQuestion(pieces: readonly string[], compType: string | undefined): Question {
  const { before, current, reply } = bashLine(pieces);
  const write = ({ kind, values }: Answer): string[] => {
    const lines = values.flatMap(({ value, about }) => {
      const text = reply(value);
      if (text === undefined) return [];
      return [compType === listing && about !== '' ? `${text}  (${about})` : text];
    });
    return [kind, ...lines];
  };
  return { before, current, write };
}

function plainQuestion(words: readonly string[], line: (value: string, about: string) => string): Question {
  const write = ({ kind, values }: Answer): string[] => [
    kind,
    ...values.map(({ value, about }) => line(value, about)),
  ];
  return { before: words.slice(0, -1), current: words.at(-1) ?? '', write };
}

/** For _describe: a colon ends the value. The script has taken the flag off its value, so it goes here, too. */
function zshQuestion(words: readonly string[]): Question {
  const flag = /^--[^=]*=/.exec(words.at(-1) ?? '')?.[0] ?? '';
  return plainQuestion(words, (value, about) => {
    const text = value.slice(value.startsWith(flag) ? flag.length : 0).replaceAll(/[\\:]/g, '\\$&');
    return about === '' ? text : `${text}:${about}`;
  });
}

/**
 * What a shell asks.
 * @param words the words of the line as it gives them, without the program; the last one is to be completed
 */
export function questionOf(
  shell: Shell,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Question {
  if (shell === 'bash') return bashQuestion(words, env['COMP_TYPE']);
  if (shell === 'zsh') return zshQuestion(words);
  return plainQuestion(words, (value, about) => (about === '' ? value : `${value}\t${about}`));
}
