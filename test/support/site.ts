// Requests as an attacker writes them: a path goes over the wire as it is.
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { cleanUpWith } from './cleanup.ts';

/** An answer, read whole. */
export interface SiteAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A web site on this machine. */
export class SiteClient {
  readonly port: number;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(url: string) {
    this.port = Number(new URL(url).port);
    cleanUpWith(() => this.agent.destroy());
  }

  /** Asks for something. Rejects when the answer breaks off. */
  ask(
    path: string,
    { method = 'GET', headers = {} }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<SiteAnswer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: this.agent },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts),
            }),
          );
        },
      );
      asked.on('error', reject);
      asked.end();
    });
  }
}
