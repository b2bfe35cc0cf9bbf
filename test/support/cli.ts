import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The package's root, from dist/test/support/. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs the command line as a user would, to its end. */
export async function halonet(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startHalonet(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(options.stdin ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { code, stdout, stderr };
}

// What the tests set for mocha's own process is not what a user's shell sets.
const { ORT_DISABLE_TELEMETRY: _, ...outside } = process.env;

/** Starts the command line and leaves it running. */
export function startHalonet(args: readonly string[], { env = {}, cwd = ROOT }: CliOptions = {}) {
  return spawn(process.execPath, [`${ROOT}bin/halonet.cjs`, ...args], {
    cwd,
    env: { ...outside, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
