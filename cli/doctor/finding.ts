// What a check comes to.

/** A problem keeps the agent from working as it should; a warning may, or costs something. */
export type Health = 'ok' | 'warning' | 'problem';

/** What one check found, or one thing that it looked at. */
export interface Finding {
  /** The check's stable word. */
  readonly check: string;
  readonly state: Health;
  /** What is there, in a few words. */
  readonly found: string;
  /** Why that matters; null when all is well. */
  readonly means: string | null;
  /** What to do about it; null when nothing is. */
  readonly remedy: string | null;
  /** Command lines that go with the remedy, in order. */
  readonly commands: readonly string[];
}

/** A finding with nothing to do. */
export function ok(check: string, found: string): Finding {
  return { check, state: 'ok', found, means: null, remedy: null, commands: [] };
}

/** Everything that a finding which is not ok has to say. */
export interface Trouble {
  readonly check: string;
  readonly found: string;
  readonly means: string;
  readonly remedy: string;
  readonly commands?: readonly string[];
}

export function warning(trouble: Trouble): Finding {
  return { commands: [], ...trouble, state: 'warning' };
}

export function problem(trouble: Trouble): Finding {
  return { commands: [], ...trouble, state: 'problem' };
}

/** The worst state among findings. */
export function worstOf(findings: readonly Finding[]): Health {
  const states = new Set(findings.map(({ state }) => state));
  if (states.has('problem')) return 'problem';
  return states.has('warning') ? 'warning' : 'ok';
}

/** A path as a shell takes it for one word. */
export function shellWord(path: string): string {
  return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
