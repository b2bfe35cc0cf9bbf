import { parentPort } from 'node:worker_threads';
import { ImageRefusal } from '../refusal.js';
import { PIXEL_TASKS } from './pixel-tasks.js';
import type { ThreadReply, ThreadRequest } from './pixel-threads.js';

// A thread that computes pixels.

parentPort?.on('message', async ({ task, input }: ThreadRequest) => {
  const reply = (message: ThreadReply, transfer: readonly ArrayBuffer[] = []) =>
    parentPort?.postMessage(message, transfer);
  try {
    const output = await PIXEL_TASKS[task](input as never);
    reply({ output }, [output.buffer as ArrayBuffer]);
  } catch (error) {
    reply(error instanceof ImageRefusal ? { refusal: error.failure } : { error });
  }
});
