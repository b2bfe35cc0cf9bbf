import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import PQueue from 'p-queue';
import type { ImageFailure } from '../../errors.js';
import { ImageRefusal } from '../refusal.js';
import type { PixelInput, PixelOutput, PixelTask } from './pixel-tasks.js';

/** What a thread is asked for. */
export interface ThreadRequest {
  readonly task: PixelTask;
  readonly input: unknown; // of that task
}

/** What it answers. */
export type ThreadReply =
  | { readonly output: unknown }
  | { readonly refusal: ImageFailure } // thrown as an ImageRefusal, which would arrive as a mere Error
  | { readonly error: unknown };

export interface ThreadOptions {
  readonly transfer?: readonly Uint8Array[]; // of the input: given away, and not usable afterwards; a buffer each
  readonly signal?: AbortSignal | undefined; // ends the thread, if it is still computing then
  readonly own?: boolean; // the thread ends with the task, and its memory with it
}

/** What libraries print must not stand among the rows of a run. It is not read either: that would hold the process. */
const SILENT = { stdout: true, stderr: true };

const queue = new PQueue({ concurrency: availableParallelism() });
const idle: Worker[] = [];

/**
 * Computes pixels in a thread of its own. The threads are shared by all that this process decodes, as libuv's are, in which
 * libvips decodes: they start when they are needed, at most one for each core, and hold no process that has nothing left to do.
 *
 * @throws what the task throws; the signal's reason when it aborts; Error when the thread ends
 */
export function inThread<Task extends PixelTask>(
  task: Task,
  input: PixelInput<Task>,
  { transfer = [], signal, own = false }: ThreadOptions = {},
): Promise<PixelOutput<Task>> {
  return queue.add(async (): Promise<PixelOutput<Task>> => {
    signal?.throwIfAborted();
    const thread = idle.pop() ?? new Worker(new URL('./pixel-thread.js', import.meta.url), SILENT);
    thread.ref();
    const reply = await replyOf(thread, { task, input }, { transfer, signal });
    thread.unref();
    if (own) void thread.terminate();
    else idle.push(thread);
    if ('refusal' in reply) throw new ImageRefusal(reply.refusal.code, reply.refusal.message);
    if ('error' in reply) throw reply.error;
    return reply.output as PixelOutput<Task>;
  });
}

/** @throws where the thread ends, or is ended, instead of answering */
function replyOf(
  thread: Worker,
  request: ThreadRequest,
  { transfer, signal }: Required<Pick<ThreadOptions, 'transfer' | 'signal'>>,
): Promise<ThreadReply> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      thread.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
      signal?.removeEventListener('abort', onAbort);
    };
    const onMessage = (reply: ThreadReply) => {
      settle();
      resolve(reply);
    };
    const onEnd = (error: unknown) => {
      settle();
      reject(error instanceof Error ? error : new Error('the thread that computes pixels ended'));
    };
    const onAbort = () => {
      onEnd(signal?.reason);
      void thread.terminate();
    };
    thread.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    signal?.addEventListener('abort', onAbort);
    thread.postMessage(
      request,
      transfer.map(({ buffer }) => buffer as ArrayBuffer),
    );
  });
}
