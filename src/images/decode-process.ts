import { writeFileSync } from 'node:fs';
import process, { pid } from 'node:process';
import { FileItem } from '../file-item.js';
import { shortageOf } from '../shortage.js';
import { decodeImage, type Openable } from './decode.js';
import type { BytesFrom, ProcessReply, ProcessRequest } from './isolated.js';

// The process of images that may crash a decoder, or never let it go.

try {
  writeFileSync('/proc/self/oom_score_adj', '1000'); // where memory runs out, Linux ends this process first
} catch {
  // another system, or one that does not let it
}

function openable(from: BytesFrom): Openable {
  if ('file' in from) return new FileItem(from.file);
  return { open: async () => ({ identity: from.identity, read: async () => from.bytes }) };
}

const send = (reply: ProcessReply) => process.send?.(reply);

process.on('message', async ({ from, preprocessing }: ProcessRequest) => {
  try {
    const image = await decodeImage(openable(from), preprocessing, {
      onOpen: (file) => send({ kind: 'opened', file }),
    });
    if (image !== undefined) send({ kind: 'done', image });
  } catch (error) {
    const shortage = shortageOf(error);
    if (shortage === undefined) throw error;
    send({ kind: 'short', message: shortage.message, hint: shortage.hint });
  }
});

// Whoever started it is gone. A signal, since an exit would wait for the thread that decodes.
process.on('disconnect', () => process.kill(pid, 'SIGKILL'));

send({ kind: 'ready' });
