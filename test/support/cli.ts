import { spawn } from 'node:child_process';
import { resident } from './resident.js';
import { ROOT } from './root.js';
import { TIME_LIMIT } from './time-limit.js';

export { ROOT } from './root.js';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly shell?: string; // an sh script that executes the command, its "$@": ulimit -v 3000000 && exec "$@"
  readonly limit?: number; // seconds, after which the process is killed
  readonly ownProcess?: boolean; // for tests of the process itself
}

const LIMIT = TIME_LIMIT.timeout / 1000;

// Variables that may be set for a single command of the resident process.
const SETTING = /^(AWS|HF)_/;

/**
 * Runs the command line to its end: in a separate process if an option needs one or the resident process is busy,
 * otherwise in the resident process.
 *
 * @throws Error if it does not end in time
 */
export async function halonet(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { stdin = '', env = {}, cwd = ROOT, shell, limit = LIMIT, ownProcess = false } = options;
  if (!ownProcess && shell === undefined && Object.keys(env).every((name) => SETTING.test(name))) {
    const reply = await resident.run({ args, cwd, env, stdin }, limit);
    if (reply !== undefined) return reply;
  }
  return inOwnProcess(args, options);
}

async function inOwnProcess(args: readonly string[], options: CliOptions): Promise<CliResult> {
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
  if (child.killed)
    throw new Error(
      `halonet ${args.join(' ')} did not end within ${options.limit ?? LIMIT} s; it said: ${stderr}`,
    );
  return { code, stdout, stderr };
}

// Set for mocha's own process, but not in a user's shell.
const {
  ORT_DISABLE_TELEMETRY: _,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: __,
  ...outside
} = process.env;

/** Starts the command line and leaves it running, up to the limit. */
export function startHalonet(
  args: readonly string[],
  { env = {}, cwd = ROOT, shell, limit = LIMIT }: CliOptions = {},
) {
  const command = [process.execPath, `${ROOT}bin/halonet.cjs`, ...args];
  const [program = '', ...rest] = shell === undefined ? command : ['sh', '-c', shell, 'sh', ...command];
  return spawn(program, rest, {
    cwd,
    env: { ...outside, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...TIME_LIMIT,
    timeout: limit * 1000,
  });
}
