// `agent-cli serve`, as tests start it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type BackgroundPlace, backgroundPlace } from './background.ts';
import type { CliProcess } from './cli-process.ts';
import { SiteClient } from './site.ts';

/** What is served, by whom, and where. */
export interface Served {
  readonly place: BackgroundPlace;
  readonly cli: CliProcess;
  readonly site: SiteClient;
  readonly url: string;
}

/** Serves the root of a fresh place, which `files` are written to first. */
export async function serve(
  files: Readonly<Record<string, string | Buffer>>,
  flags: readonly string[] = [],
  place = backgroundPlace(),
): Promise<Served> {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(place.root, name, '..'), { recursive: true });
    writeFileSync(join(place.root, name), content);
  }
  const cli = place.start(['serve', '--json', '--port', '0', ...flags]);
  await cli.line('where it serves', (line) => line.startsWith('{'));
  const [{ url, root }] = cli.json<{ url: string; root: string }>() as [{ url: string; root: string }];
  expect(root).toBe(place.root);
  await place.connected(1);
  return { place, cli, url, site: new SiteClient(url) };
}

/** The snippet's own state in a page, which the client says in its hello. */
export function snippetOf(page: string): string {
  return /snipver=([^&]+)&amp;/.exec(page)?.[1] ?? '';
}

/** Where a page there connects to. */
export function socketUrl(url: string): string {
  return `${url.replace('http', 'ws')}.devagent/livereload`;
}

/** A page that the client is put into. */
export const page = '<!doctype html><head><title>p</title></head><body>ü</body>';
