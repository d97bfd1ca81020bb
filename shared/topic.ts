// Topics are dot-separated tokens, patterns add NATS wildcards: `*` is one token, `>` the rest.
// https://docs.nats.io/nats-concepts/subjects
import { limits } from './limits.ts';

const token = '[A-Za-z0-9_-]+';
const wanted = `(?:${token}|\\*)`;
const more = limits.topicTokens - 1;

const topic = new RegExp(`^${token}(?:\\.${token}){0,${more}}$`);

/** What can stand for topics: a topic in which `*` may be a token and `>` the last one. */
export const topicPattern: RegExp = new RegExp(
  `^(?:${wanted}(?:\\.${wanted}){0,${more}}|(?:${wanted}\\.){0,${more}}>)$`,
);

/** Whether `text` can name a topic: 1 to 8 tokens of `[A-Za-z0-9_-]`, joined by dots. */
export function isTopic(text: string): boolean {
  return topic.test(text);
}

/** Whether a topic belongs to the agent itself, so that nobody else may publish to it. */
export function isReservedTopic(name: string): boolean {
  return name === 'file' || name.startsWith('agent.');
}

/** Whether the pattern takes the topic. `>` needs at least one token in its place. */
export function topicMatches(pattern: string, topic: string): boolean {
  if (pattern === '>' || pattern === topic) return true;
  const wanted = pattern.split('.');
  const given = topic.split('.');
  for (const [index, part] of wanted.entries()) {
    if (part === '>') return given.length > index;
    if (index >= given.length || (part !== '*' && part !== given[index])) return false;
  }
  return wanted.length === given.length;
}
