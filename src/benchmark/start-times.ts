import { spawn } from 'node:child_process';
import { HalonetError } from '../errors.js';
import type { Measurement } from './rounds.js';

/** How this tool is started: a program and what comes before the arguments. */
export interface Cli {
  readonly command: string;
  readonly args: readonly string[];
}

/** Seconds from the start of a process of this tool to its end. The process is ended when the signal aborts. */
export function timeToEnd(cli: Cli, args: readonly string[], signal?: AbortSignal): Measurement {
  return { label: `start: ${args.join(' ')}`, sample: async () => (await timed(cli, args, signal)).end };
}

/** Seconds from the start of a process of this tool to the first bytes that it prints. As {@link timeToEnd}. */
export function timeToOutput(cli: Cli, args: readonly string[], signal?: AbortSignal): Measurement {
  return { label: 'start: first result', sample: async () => (await timed(cli, args, signal)).output };
}

interface Times {
  readonly output: number; // seconds to the first bytes
  readonly end: number;
}

/**
 * @throws HalonetError when it does not end well
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
  signal?.throwIfAborted(); // Ctrl-C in a terminal ends the process too: its exit code is no failure then
  if (code !== 0 || output === undefined)
    throw new HalonetError(`halonet ${args.join(' ')} ended with exit code ${code}: ${errors.trim()}`);
  return { output, end };
}
