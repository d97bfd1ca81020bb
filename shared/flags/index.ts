// How both programs declare, read, check, suggest and document the flags of their command lines.
export {
  type Completes,
  choiceFlag,
  durationFlag,
  type Flag,
  type FlagTable,
  type FlagValues,
  type GivenFlags,
  globFlag,
  jsonFlag,
  listFlag,
  programFlags,
  readFlags,
  switchFlag,
  textFlag,
  wholeNumberFlag,
  withLetter,
} from './flags.ts';
export { type HelpPage, helpText } from './help.ts';
export { readWords } from './read.ts';
export { closestWord } from './suggestion.ts';
