import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { ROOT } from './root.js';
import { TIME_LIMIT } from './time-limit.js';

/** A command for the resident process. */
export interface ResidentRequest {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | Buffer;
}

/** The result of a command. */
export interface ResidentReply {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_COMMANDS = 100; // per process, to limit what it retains of earlier ones

/**
 * A process that runs one command line after another, since starting a process and loading its modules takes most of
 * the time of a test. Tests of the process itself (signals, closed pipes, limits, memory) use a separate process.
 */
class Resident {
  #child: ChildProcess | undefined;
  #commands = 0;
  #isBusy = false;

  /** @returns undefined while it runs another command */
  async run(request: ResidentRequest, seconds: number): Promise<ResidentReply | undefined> {
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    try {
      const child = await this.#ready();
      const waiting = new AbortController();
      const { signal } = waiting;
      const ended = once(child, 'exit', { signal }).then(([code, killed]) => {
        throw new Error(`halonet ${request.args.join(' ')} ended its process: ${killed ?? code}`);
      });
      ended.catch(() => {}); // in case nothing awaits it any more
      const late = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
      const replied = once(child, 'message', { signal }).then(([reply]) => reply as ResidentReply);
      replied.catch(() => {});
      child.send(request);
      try {
        return await Promise.race([replied, ended]);
      } finally {
        clearTimeout(late);
        waiting.abort();
      }
    } finally {
      this.#isBusy = false;
    }
  }

  async #ready(): Promise<ChildProcess> {
    if (this.#child !== undefined && this.#commands++ < MOST_COMMANDS) return this.#child;
    this.#child?.kill('SIGKILL');
    const { ORT_DISABLE_TELEMETRY: _, ...outside } = process.env;
    const child = fork(`${ROOT}dist/test/support/resident-process.js`, {
      env: { ...outside, UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism() + 2)) },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      ...TIME_LIMIT,
      timeout: 0, // run() limits each command
    });
    this.#child = child;
    this.#commands = 1;
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    await once(child, 'message');
    child.unref();
    child.channel?.unref();
    return child;
  }
}

export const resident = new Resident();
