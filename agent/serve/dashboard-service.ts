import type { ProblemPage } from './problem.ts';

/** What makes and serves the page. */
export interface DashboardService {
  readonly links: { make(): { readonly code: string; readonly expiresInMs: number } };
  /** A file of the page, by its name; undefined where it has none of that name. */
  file(name: string): Promise<{ readonly type: string; readonly bytes: Buffer } | undefined>;
  /** The headers of the page and its files, for a request that calls the agent so. */
  headers(host: string | undefined): Readonly<Record<string, string>>;
  /** What a person is shown who is not let in. */
  refusal(refusal: {
    readonly code: string;
    readonly detail: string;
    readonly fromElsewhere: boolean;
  }): ProblemPage;
}
