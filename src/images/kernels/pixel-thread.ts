import process, { pid } from 'node:process';
import { parentPort } from 'node:worker_threads';
import { ImageRefusal } from '../../refusal.js';
import { PIXEL_TASKS } from './pixel-tasks.js';
import type { WorkerReply, WorkerRequest } from './pixel-worker.js';

// A thread, or a process, that computes pixels.

// Discard whatever libraries print; above all, keep it off the standard output of a run.
for (const stream of [process.stdout, process.stderr]) stream.write = () => true;

function reply(message: WorkerReply, transfer: readonly ArrayBuffer[] = []): void {
  if (parentPort === null) process.send?.(message);
  else parentPort.postMessage(message, transfer);
}

(parentPort ?? process).on('message', async ({ task, input }: WorkerRequest) => {
  try {
    const output = await PIXEL_TASKS[task](input as never);
    reply({ output }, [output.buffer as ArrayBuffer]);
  } catch (error) {
    reply(error instanceof ImageRefusal ? { refusal: error.failure } : { error });
  }
});

// The parent process has exited.
process.on('disconnect', () => process.kill(pid, 'SIGKILL'));

reply({ ready: true });
