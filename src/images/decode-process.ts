import { writeFileSync } from 'node:fs';
import process, { pid } from 'node:process';
import type { Facts } from '../facts.js';
import { FileItem } from '../file-item.js';
import { shortageOf } from '../shortage.js';
import { decodeImage, type Openable } from './decode.js';
import { ImageFacts } from './image-facts.js';
import type { ProcessReply, ProcessRequest } from './isolated.js';

// The process that decodes images which may crash a decoder or hang it.

try {
  writeFileSync('/proc/self/oom_score_adj', '1000'); // when memory runs out, Linux kills this process first
} catch {
  // Not Linux, or not permitted.
}

function openable({ from, crop }: Pick<ProcessRequest, 'from' | 'crop'>): Openable {
  if ('file' in from) return { crop, open: () => new FileItem(from.file).open() };
  return { crop, open: async () => ({ identity: from.identity, read: async () => from.bytes }) };
}

const send = (reply: ProcessReply) => process.send?.(reply);

process.on('message', async ({ preprocessing, facts, ...request }: ProcessRequest) => {
  const onFound = (found: Facts) => send({ kind: 'found', facts: found });
  try {
    const image = await decodeImage(openable(request), preprocessing, {
      onOpen: (file) => send({ kind: 'opened', file }),
      facts: facts.length === 0 ? undefined : new ImageFacts(facts, onFound),
    });
    if (image !== undefined) send({ kind: 'done', image });
  } catch (error) {
    const shortage = shortageOf(error);
    if (shortage === undefined) throw error;
    send({ kind: 'short', message: shortage.message, hint: shortage.hint });
  }
});

// The parent process has exited. A signal, because an exit would wait for the decoding thread.
process.on('disconnect', () => process.kill(pid, 'SIGKILL'));

send({ kind: 'ready' });
