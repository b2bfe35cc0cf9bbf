import type { ImageFailure } from '../errors.js';
import type { Row, RowSink } from '../rows.js';
import { type ChannelOptions, openByteChannel } from './byte-channel.js';
import { TextTarget } from './text-target.js';

/** A format in which every row is text of its own. */
export interface TextLayout {
  readonly header: string; // '' where the format has none; with its line feed
  readonly text: (row: Row) => string; // one line or more, each with its line feed
}

/**
 * Streams rows as text to a file, a device or standard output. The header leaves with the first
 * row or, when there is none, at the end: a run that fails early prints nothing.
 * @throws {OutputError} as `openByteChannel`
 */
export async function openTextSink(options: ChannelOptions, { header, text }: TextLayout): Promise<RowSink> {
  const target = new TextTarget(await openByteChannel(options));
  let pendingHeader = header;
  return {
    async write(row) {
      const written = pendingHeader + text(row);
      pendingHeader = '';
      await target.write(written);
    },
    async commit() {
      if (pendingHeader !== '') await target.write(pendingHeader);
      await target.commit();
    },
    abort: () => target.abort(),
  };
}

/** One JSON document on a line. NaN and the infinities, which JSON lacks, become null. */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

export function failureJson({ code, message }: ImageFailure) {
  return { code, message };
}
