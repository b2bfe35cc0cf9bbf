import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HalonetError } from '../../errors.js';
import type { Measurement } from './rounds.js';

/** How this tool is started: a program and what comes before the arguments. */
export interface Cli {
  readonly command: string;
  readonly args: readonly string[];
}

/** Seconds from the start of a process of this tool to its end. */
export function timeToEnd(cli: Cli, args: readonly string[]): Measurement {
  return { label: `start: ${args.join(' ')}`, sample: () => timed(cli, args, 'end') };
}

/** Seconds from the start of a process of this tool to the first bytes that it prints. */
export function timeToOutput(cli: Cli, args: readonly string[]): Measurement {
  return { label: 'start: first result', sample: () => timed(cli, args, 'output') };
}

/** @throws HalonetError when it does not end well */
async function timed(cli: Cli, args: readonly string[], until: 'output' | 'end'): Promise<number> {
  const start = performance.now();
  const child = spawn(cli.command, [...cli.args, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const seconds = () => (performance.now() - start) / 1000;
  let output: number | undefined;
  let errors = '';
  child.stdout.on('data', () => {
    output ??= seconds();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code] = await once(child, 'close');
  const end = seconds();
  if (code !== 0 || output === undefined)
    throw new HalonetError(`halonet ${args.join(' ')} ended with exit code ${code}: ${errors.trim()}`);
  return until === 'output' ? output : end;
}
