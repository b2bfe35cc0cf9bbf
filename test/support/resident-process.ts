import { once } from 'node:events';
import process from 'node:process';
import { PassThrough, Writable } from 'node:stream';
import type { ResidentReply, ResidentRequest } from './resident.js';

// Runs the command lines sent to it, one after another, each with its own streams.

// As bin/halonet.cjs sets them.
process.env.ORT_DISABLE_TELEMETRY = '1';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.HALONET_DEFAULTS = 'UV_THREADPOOL_SIZE ORT_DISABLE_TELEMETRY';

/** A stream that keeps what is written to it. */
class Kept extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

/** Replaces a stream of the process, also for modules that were loaded during an earlier command. */
function standIn<T extends object>(name: 'stdin' | 'stdout' | 'stderr', current: () => T): void {
  Object.defineProperty(process, name, { configurable: true, get: current });
}

let [stdin, stdout, stderr] = [new PassThrough(), new Kept(), new Kept()];
standIn('stdin', () => stdin);
standIn('stdout', () => stdout);
// The only module that owns standard error takes the stream when it loads, and threads are piped to it.
const saidTo = new Writable({
  write(chunk: Buffer, _, done) {
    stderr.write(chunk, done);
  },
}).setMaxListeners(0);
standIn('stderr', () => saidTo);
console.log = (text = '') => void stdout.write(`${text}\n`);

const { runCommandLine, reportFailure } = await import('../../commands/main.js');

async function run({ args, cwd, env, stdin: input }: ResidentRequest): Promise<ResidentReply> {
  [stdin, stdout, stderr] = [new PassThrough(), new Kept(), new Kept()];
  stdin.end(input);
  const before = { ...process.env };
  const folder = process.cwd();
  Object.assign(process.env, env);
  process.chdir(cwd);
  const [node = ''] = process.argv;
  process.argv = [node, 'halonet', ...args];
  process.exitCode = 0;
  try {
    await runCommandLine(import.meta.dirname.replace(/dist[\\/]test[\\/]support$/, 'bin'));
  } catch (error) {
    reportFailure(error);
    process.exitCode = 2;
  }
  process.chdir(folder);
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  if (!stdout.destroyed) await once(stdout.end(), 'finish');
  return { code: Number(process.exitCode), stdout: stdout.text, stderr: stderr.text };
}

process.on('message', async (request: ResidentRequest) => {
  process.send?.(await run(request));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
