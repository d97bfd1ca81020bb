// Topics are dot-separated tokens, patterns add NATS wildcards: `*` is one token, `>` the rest.
// https://docs.nats.io/nats-concepts/subjects
import { limits } from './limits.ts';

const token = /^[A-Za-z0-9_-]+$/;

/** Whether `text` can name a topic: 1 to 8 tokens of `[A-Za-z0-9_-]`, joined by dots. */
export function isTopic(text: string): boolean {
  const tokens = text.split('.');
  return tokens.length <= limits.topicTokens && tokens.every((part) => token.test(part));
}

/** Whether a topic belongs to the agent itself, so that nobody else may publish to it. */
export function isReservedTopic(topic: string): boolean {
  return topic === 'file' || topic.startsWith('agent.');
}

/** Whether `text` can stand for topics: a topic in which `*` may be a token and `>` the last one. */
export function isTopicPattern(text: string): boolean {
  const tokens = text.split('.');
  if (tokens.length > limits.topicTokens) return false;
  return tokens.every(
    (part, index) => part === '*' || (part === '>' && index === tokens.length - 1) || token.test(part),
  );
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
