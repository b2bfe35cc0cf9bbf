import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { ImageRefusal } from '../../refusal.js';
import type { PixelInput, PixelOutput, PixelTask } from './pixel-tasks.js';
import { type PixelWorker, startWorker } from './pixel-worker.js';

export interface ThreadOptions {
  readonly transfer?: readonly Uint8Array[]; // parts of the input to transfer: unusable afterwards; each needs its own buffer
  readonly signal?: AbortSignal | undefined; // ends the thread if it is still computing
  readonly own?: boolean; // the thread ends with the task and frees its memory
}

const queue = new PQueue({ concurrency: availableParallelism() });
const idle: PixelWorker[] = [];

/**
 * Computes pixels in a separate thread. All images of this process share the threads, as they share libuv's, in which libvips
 * decodes. Threads start on demand, at most one per core, and do not keep an otherwise finished process alive.
 *
 * @throws what the task throws; the signal's reason when it aborts; Error when the thread ends
 * @throws ShortageError when no thread can be started
 */
export function runInThread<Task extends PixelTask>(
  task: Task,
  input: PixelInput<Task>,
  { transfer = [], signal, own = false }: ThreadOptions = {},
): Promise<PixelOutput<Task>> {
  return queue.add(async (): Promise<PixelOutput<Task>> => {
    signal?.throwIfAborted();
    const thread = idle.pop() ?? (await startWorker());
    const onAbort = () => thread.end();
    signal?.addEventListener('abort', onAbort);
    try {
      const buffers = transfer.map(({ buffer }) => buffer as ArrayBuffer);
      const reply = await thread.ask({ task, input }, buffers);
      if (own) thread.end();
      else idle.push(thread);
      if ('refusal' in reply) throw new ImageRefusal(reply.refusal.code, reply.refusal.message);
      if ('error' in reply) throw reply.error;
      return ('output' in reply ? reply.output : undefined) as PixelOutput<Task>;
    } catch (error) {
      signal?.throwIfAborted(); // the signal ended the thread
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  });
}
