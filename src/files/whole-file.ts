import { type ChannelOptions, openByteChannel } from './byte-channel.js';

const PIECE_BYTES = 16 * 2 ** 20; // written at a time, so that an interruption is noticed

/**
 * Writes a file that is there as a whole: it appears under its name complete or not at all.
 *
 * @throws {OutputError} where it cannot be written; the signal's reason when it aborts
 */
export async function writeWholeFile(
  bytes: Uint8Array,
  options: ChannelOptions & { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const channel = await openByteChannel(options);
  try {
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
      options.signal?.throwIfAborted();
      await channel.write(bytes.subarray(at, at + PIECE_BYTES));
    }
    options.signal?.throwIfAborted();
    await channel.commit();
  } catch (error) {
    await channel.abort().catch(() => {}); // what went wrong first is what matters
    throw error;
  }
}
