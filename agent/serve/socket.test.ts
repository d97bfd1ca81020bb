import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { cleanUpWith } from '../../test/support/cleanup.ts';
import { until } from '../../test/support/wait.ts';
import { DirectWriter, toKeep } from './socket.ts';

const chunkBytes = 256 * 1024;
const mebibyte = 1024 * 1024;

/** A slice of a chunk of its own, as a frame of the journal is one. */
function slice(bytes: number, fill: number): Buffer {
  return Buffer.allocUnsafeSlow(chunkBytes).fill(fill, 0, bytes).subarray(0, bytes);
}

function backingBytes(buffers: readonly Buffer[]): number {
  return [...new Set(buffers.map(({ buffer }) => buffer))].reduce(
    (sum, { byteLength }) => sum + byteLength,
    0,
  );
}

describe('toKeep', () => {
  it('gives the same bytes, and keeps little more than them', async () => {
    const sizes = fc.array(fc.constantFrom(1, 200, 20_000, 100_000, chunkBytes), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.property(sizes, (all) => {
        const buffers = all.map((bytes, index) => slice(bytes, index));
        const kept = toKeep(buffers);
        expect(Buffer.concat(kept).equals(Buffer.concat(buffers))).toBe(true);
        const bytes = all.reduce((sum, each) => sum + each, 0);
        expect(backingBytes(kept)).toBeLessThanOrEqual(
          bytes < 64 * 1024 ? bytes : Math.max(bytes, 2 * mebibyte),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('DirectWriter', () => {
  it('makes a socket that is full keep no more than what it was given', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const server = createServer();
    cleanUpWith(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    const [socket] = (await once(server, 'connection')) as [Socket];
    cleanUpWith(() => {
      peer.destroy();
      socket.destroy();
    });
    const writer = new DirectWriter(socket);
    while (writer.write([slice(chunkBytes, 0)]));
    const waiting = socket.writableLength;
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const fill = (): void => {
      for (let n = 0; n < 100; n++) writer.write([slice(150, n)]);
      writer.write(Array.from({ length: 100 }, (_, n) => slice(1_500, n)));
    };
    fill();
    expect(socket.writableLength - waiting).toBe(100 * 150 + 100 * 1_500);
    const grown = (): number => process.memoryUsage().arrayBuffers - before;
    // What is collected is given back by and by.
    await until(
      () => `the chunks to be given back; ${grown()} bytes are left of them`,
      () => {
        collect();
        return grown() < mebibyte;
      },
    );
  });
});
