import { type ChildProcess, fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { ImageFailure } from '../../errors.js';
import { ShortageError } from '../../shortage.js';
import type { PixelTask } from './pixel-tasks.js';

/** A request to a worker. */
export interface WorkerRequest {
  readonly task: PixelTask;
  readonly input: unknown; // of that task
}

/** A reply of a worker: first that it is ready, then its answers. */
export type WorkerReply =
  | { readonly ready: true }
  | { readonly output: unknown }
  | { readonly refusal: ImageFailure } // rethrown as an ImageRefusal, which would arrive as a plain Error
  | { readonly error: unknown };

/** A thread that computes pixels, or a process where threads are impossible. It keeps the parent process alive while it works. */
export interface PixelWorker {
  /** @param transfer buffers to transfer to a thread; a process gets copies */
  readonly ask: (request: WorkerRequest, transfer: readonly ArrayBuffer[]) => Promise<WorkerReply>;
  readonly end: () => void;
}

const SCRIPT = new URL('./pixel-thread.js', import.meta.url);

// A thread's WebAssembly memory reserves 10 GB of address space, which lets page faults check its bounds. Where address space is
// limited (ulimit -v), a process can do without: Node accepts this flag only at startup.
const SMALL_MEMORIES = '--disable-wasm-trap-handler';

let hasRoom = true; // in the address space, until proved otherwise

/** Starts a worker. @throws ShortageError if neither a thread nor a process can be started */
export async function startWorker(): Promise<PixelWorker> {
  // Without the flags of this process: --eval would run its script instead of ours, and again in the worker.
  if (hasRoom) {
    const thread = new Worker(SCRIPT, { execArgv: [] });
    if (await isReady(thread)) return workerOf(thread, () => void thread.terminate());
    hasRoom = false;
  }
  const child = startProcess();
  if (await isReady(child)) return workerOf(child, () => void child.kill('SIGKILL'));
  throw new ShortageError('cannot start a decoding worker, neither as a thread nor as a process', {
    hint: 'The usual cause is a low limit: raise those of open files (ulimit -n), processes (ulimit -u) and memory (ulimit -v). Otherwise install halonet again.',
  });
}

function startProcess(): ChildProcess {
  return fork(SCRIPT, {
    execArgv: [SMALL_MEMORIES],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true, // keeps Ctrl-C from reaching it
  });
}

/** Resolves to whether a worker becomes ready before it ends. */
function isReady(source: Worker | ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ready: boolean) => () => {
      source.off('message', onReady).off('exit', onEnd).off('error', onEnd);
      if (!ready) source.on('error', () => {}); // it may report failure more than once
      resolve(ready);
    };
    const [onReady, onEnd] = [settle(true), settle(false)];
    source.once('message', onReady).once('exit', onEnd).once('error', onEnd);
  });
}

function workerOf(source: Worker | ChildProcess, end: () => void): PixelWorker {
  release(source);
  return {
    end,
    ask: (request, transfer) =>
      new Promise((resolve, reject) => {
        const settle = () => {
          source.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
          release(source);
        };
        const onMessage = (reply: WorkerReply) => {
          settle();
          resolve(reply);
        };
        const onEnd = (error: unknown) => {
          settle();
          reject(error instanceof Error ? error : new Error('the thread that computes pixels ended'));
        };
        hold(source);
        source.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
        if (source instanceof Worker) source.postMessage(request, transfer);
        else source.send(request, () => {}); // on an error, it has exited
      }),
  };
}

function hold(source: Worker | ChildProcess): void {
  source.ref();
  if (!(source instanceof Worker)) source.channel?.ref();
}

function release(source: Worker | ChildProcess): void {
  source.unref();
  if (!(source instanceof Worker)) source.channel?.unref();
}
