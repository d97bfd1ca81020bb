// What Node's sockets don't offer by themselves: what of the bytes the kernel has taken, and writing past
// the stream.
import { writeSync, writevSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The part of Node's own handle that is read here; absent once the socket is closed. */
interface Handle {
  readonly fd?: number;
  readonly writeQueueSize?: number;
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as unknown as { _handle?: Handle | null })._handle;
}

/** Bytes written to a socket that the kernel has not taken yet. */
export function unsentBytes(socket: Socket): number {
  // `writableLength` counts a write until the kernel has taken all of it. What of it is left only the handle
  // knows; Node's own socket time-out looks there too.
  return handleOf(socket)?.writeQueueSize || socket.writableLength;
}

/**
 * Writes to a socket as `socket.write()` does, but with one system call and nothing else where nothing waits
 * before it: Node's stream adds an eighth to what the kernel takes for a small write. What the kernel does not
 * take, and what fails, goes the stream's way, which waits for room and tells of errors.
 */
export class DirectWriter {
  private readonly socket: Socket;
  /** Whose descriptor is known. A socket drops its handle when that is closed, and its number may be another's then. */
  private handle: Handle | null | undefined;
  /** -1 where there is none: on Windows, and of a closed socket. */
  private fd = -1;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** @returns false when the socket is full: then it emits `drain` once it has room */
  write(buffers: readonly Buffer[]): boolean {
    const { socket } = this;
    const handle = handleOf(socket);
    if (handle !== this.handle) {
      this.handle = handle;
      this.fd = handle?.fd ?? -1;
    }
    if (this.fd < 0 || socket.writableLength > 0 || !socket.writable) return writeThrough(socket, buffers);
    const [first] = buffers;
    let taken: number;
    try {
      if (first !== undefined && buffers.length === 1) {
        taken = writeSync(this.fd, first, 0, first.length, null);
        if (taken === first.length) return true;
      } else {
        taken = writevSync(this.fd, buffers);
      }
    } catch {
      // Full (EAGAIN), or broken: the stream finds out which.
      return writeThrough(socket, buffers);
    }
    return writeThrough(socket, restOf(buffers, taken));
  }
}

function writeThrough(socket: Socket, buffers: readonly Buffer[]): boolean {
  let room = true;
  socket.cork();
  for (const buffer of toKeep(buffers)) room = socket.write(buffer);
  socket.uncork();
  return room;
}

/** From here on a slice of one of the journal's chunks is worth keeping the chunk for. */
const sliceBytes = 64 * 1024;
/** As many slices as a long run of the journal has; more are frames that were picked out. */
const mostSlices = 8;

/**
 * The bytes of buffers that are to wait for a socket. Each small one is a slice of something large, a chunk of the
 * journal, which would wait with it: a client with a filter could keep all of them by a frame of each.
 */
export function toKeep(buffers: readonly Buffer[]): readonly Buffer[] {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  if (bytes >= sliceBytes && buffers.length <= mostSlices) return buffers;
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const buffer of buffers) at += buffer.copy(whole, at);
  return [whole];
}

/** What of the buffers comes after the first `taken` bytes. */
function restOf(buffers: readonly Buffer[], taken: number): Buffer[] {
  const rest: Buffer[] = [];
  let skip = taken;
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(skip > 0 ? buffer.subarray(skip) : buffer);
    skip = Math.max(0, skip - buffer.length);
  }
  return rest;
}

/** Where a connection comes from, for people. */
export function describeAddress(socket: Socket): string {
  if (socket.remoteAddress === undefined) return 'local';
  const host = socket.remoteFamily === 'IPv6' ? `[${socket.remoteAddress}]` : socket.remoteAddress;
  return `${host}:${socket.remotePort}`;
}
