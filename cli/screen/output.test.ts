import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { Output, wantsColor } from './output.ts';

function streams(isTTY: boolean) {
  const stdout = Object.assign(new PassThrough({ highWaterMark: 16 }), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  return { stdout, stderr, text: (stream: PassThrough) => String(stream.read() ?? '') };
}

describe('wantsColor', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('on a terminal: %s, with %j: %s', (isTTY, env, wanted) => {
    expect(wantsColor({ isTTY }, env)).toBe(wanted);
  });
});

describe('Output', () => {
  it('keeps JSON byte for byte in a pipe', () => {
    const { stdout, stderr, text } = streams(false);
    new Output(stdout, stderr, {}).json('{"a":"\u009b\u202e"}');
    expect(text(stdout)).toBe('{"a":"\u009b\u202e"}\n');
  });

  it('keeps the value of JSON and drives no terminal with it', () => {
    const { stdout, stderr, text } = streams(true);
    new Output(stdout, stderr, {}).json('{"a":"\u009b\u202e"}');
    expect(text(stdout)).toBe('{"a":"\\u009b\\u202e"}\n');
  });

  it('tells what goes on, and clears the screen, on a terminal alone', () => {
    const terminal = streams(true);
    const there = new Output(terminal.stdout, terminal.stderr, {});
    there.progress('running \u001b');
    there.clear();
    expect(terminal.text(terminal.stderr)).toBe('agent-cli: running \\x1b\n');
    expect(terminal.text(terminal.stdout)).toBe('\u001b[H\u001b[2J');
    const pipe = streams(false);
    const elsewhere = new Output(pipe.stdout, pipe.stderr, {});
    elsewhere.progress('running');
    elsewhere.clear();
    expect(pipe.text(pipe.stderr) + pipe.text(pipe.stdout)).toBe('');
  });

  it('writes notes as JSON, which a terminal is not driven by', () => {
    const pipe = streams(false);
    new Output(pipe.stdout, pipe.stderr, {}).noteJson({ a: '\u009b' });
    expect(pipe.text(pipe.stderr)).toBe('{"a":"\u009b"}\n');
    const terminal = streams(true);
    new Output(terminal.stdout, terminal.stderr, {}).noteJson({ a: '\u009b' });
    expect(terminal.text(terminal.stderr)).toBe('{"a":"\\u009b"}\n');
  });

  it('says notes on stderr, harmless and on one line', () => {
    const { stdout, stderr, text } = streams(false);
    new Output(stdout, stderr, {}).note('the agent says: \u001b[2J\nall is well');
    expect(text(stderr)).toBe('agent-cli: the agent says: \\x1b[2J\\nall is well\n');
    expect(text(stdout)).toBe('');
  });

  it('tells when stdout is full and when it takes text again', async () => {
    const { stdout, stderr } = streams(false);
    const output = new Output(stdout, stderr, {});
    expect(output.result('short')).toBe(true);
    expect(output.result('longer than the stream holds')).toBe(false);
    const drained = output.drained();
    stdout.resume();
    await drained;
    expect(output.result('short')).toBe(true);
  });

  it('paints only where colour is wanted', () => {
    const { stdout, stderr } = streams(true);
    expect(new Output(stdout, stderr, {}).colors.red('x')).toBe('\u001b[31mx\u001b[39m');
    expect(new Output(stdout, stderr, { NO_COLOR: '1' }).colors.red('x')).toBe('x');
  });
});
