import { spawn } from 'node:child_process';
import { HalonetError } from '../errors.js';
import type { Measurement } from './rounds.js';

/** How to start halonet: a program and the arguments before the user's. */
export interface Cli {
  readonly command: string;
  readonly args: readonly string[];
}

/** Measures seconds from the start of a halonet process to its end. Ends the process when the signal aborts. */
export function timeToEnd(cli: Cli, args: readonly string[], signal?: AbortSignal): Measurement {
  return { label: `start: ${args.join(' ')}`, sample: async () => (await timed(cli, args, signal)).end };
}

/** Measures seconds from the start of a halonet process to the first bytes that it prints. Aborts as {@link timeToEnd} does. */
export function timeToOutput(cli: Cli, args: readonly string[], signal?: AbortSignal): Measurement {
  return { label: 'start: first result', sample: async () => (await timed(cli, args, signal)).output };
}

interface Times {
  readonly output: number; // seconds to the first bytes
  readonly end: number;
}

/**
 * @throws HalonetError if it does not end well
 * @throws the signal's reason when it aborts, once the process is gone
 */
async function timed(cli: Cli, args: readonly string[], signal: AbortSignal | undefined): Promise<Times> {
  signal?.throwIfAborted();
  const start = performance.now();
  const child = spawn(cli.command, [...cli.args, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  const seconds = () => (performance.now() - start) / 1000;
  let output: number | undefined;
  let errors = '';
  child.stdout.on('data', () => {
    output ??= seconds();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.on('error', ({ message }) => {
    errors += message; // it did not start, or was told to end
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const end = seconds();
  signal?.throwIfAborted(); // Ctrl-C in a terminal also ends the process: its exit code is then no failure
  if (code !== 0 || output === undefined)
    throw new HalonetError(`halonet ${args.join(' ')} ended with exit code ${code}: ${errors.trim()}`);
  return { output, end };
}
