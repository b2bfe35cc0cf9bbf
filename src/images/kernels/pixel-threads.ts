import { availableParallelism } from 'node:os';
import PQueue from 'p-queue';
import { ImageRefusal } from '../../refusal.js';
import type { PixelInput, PixelOutput, PixelTask } from './pixel-tasks.js';
import { type PixelWorker, startWorker } from './pixel-worker.js';

export interface ThreadOptions {
  readonly transfer?: readonly Uint8Array[]; // of the input: given away, and not usable afterwards; a buffer each
  readonly signal?: AbortSignal | undefined; // ends the thread, if it is still computing then
  readonly own?: boolean; // the thread ends with the task, and its memory with it
}

const queue = new PQueue({ concurrency: availableParallelism() });
const idle: PixelWorker[] = [];

/**
 * Computes pixels in a thread of its own. The threads are shared by all that this process decodes, as libuv's are, in which
 * libvips decodes: they start when they are needed, at most one for each core, and hold no process that has nothing left to do.
 *
 * @throws what the task throws; the signal's reason when it aborts; Error when the thread ends
 * @throws ShortageError when no thread can be started
 */
export function inThread<Task extends PixelTask>(
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
      signal?.throwIfAborted(); // it ended for that
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  });
}
