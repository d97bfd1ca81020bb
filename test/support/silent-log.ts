// A log that goes nowhere, for parts that want one and tests that do not.

class SilentLog {
  error(): void {}

  warn(): void {}

  info(): void {}

  debug(): void {}

  isDebug(): boolean {
    return false;
  }

  child(): this {
    return this;
  }

  async close(): Promise<void> {}
}

/** What the agent's parts take for their log. */
export const silentLog = new SilentLog();
