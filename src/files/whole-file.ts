import { type ChannelOptions, openByteChannel } from './byte-channel.js';

const PIECE_BYTES = 16 * 2 ** 20; // written between checks of the signal

/**
 * Writes a file that appears under its name complete or not at all.
 *
 * @throws {OutputError} if it cannot be written; the signal's reason on abort
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
    await channel.abort().catch(() => {}); // the first error matters
    throw error;
  }
}
