import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FormatError } from '../../../src/errors.js';
import { ROOT } from '../../support/cli.js';

export const FIXTURES = `${ROOT}fixtures/pytorch/`;

export function fixture(name: string): Uint8Array {
  return readFileSync(`${FIXTURES}${name}`);
}

/** Asserts that reading throws a FormatError with the name of the file, this message and a hint. */
export async function assertRefuses(read: () => unknown, message: RegExp): Promise<void> {
  await assert.rejects(
    async () => read(),
    (error) => {
      assert.ok(error instanceof FormatError, String(error));
      assert.match(error.message, /^x\.pth: /);
      assert.match(error.message, message);
      assert.ok(error.hint !== undefined);
      return true;
    },
  );
}

/** Whether reading succeeds; any error but a FormatError fails the test. */
export async function isRead(read: () => unknown): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    assert.ok(error instanceof FormatError, error instanceof Error ? error.stack : String(error));
    return false;
  }
}

export interface ZipFile {
  readonly name: string;
  readonly content: Uint8Array; // as packed
  readonly method?: number;
  readonly flags?: number;
  readonly bytes?: number; // once inflated; that of the content by default
  readonly crc32?: number; // that of the content by default
  readonly headerAt?: number; // the actual offset by default
  readonly localName?: string;
  readonly zip64?: boolean; // sizes and offset in the zip64 field
}

/** Writes a zip of these files, valid or not. */
export function makeZip(files: readonly ZipFile[], comment = ''): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const file of files) {
    const name = Buffer.from(file.localName ?? file.name);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(name.length, 26);
    local.push(header, name, Buffer.from(file.content));
    directory.push(directoryEntry(file, file.headerAt ?? at));
    at += header.length + name.length + file.content.byteLength;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...local, entries, end, Buffer.from(comment)]);
}

function directoryEntry(file: ZipFile, headerAt: number): Buffer {
  const name = Buffer.from(file.name);
  const bytes = file.bytes ?? file.content.byteLength;
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(file.flags ?? 0, 8);
  header.writeUInt16LE(file.method ?? 0, 10);
  header.writeUInt32LE(file.crc32 ?? crc32(file.content), 16);
  header.writeUInt16LE(name.length, 28);
  if (file.zip64) {
    const field = Buffer.alloc(4 + 24);
    field.writeUInt16LE(1, 0);
    field.writeUInt16LE(24, 2);
    field.writeBigUInt64LE(BigInt(bytes), 4);
    field.writeBigUInt64LE(BigInt(file.content.byteLength), 12);
    field.writeBigUInt64LE(BigInt(headerAt), 20);
    header.writeUInt16LE(field.length, 30);
    for (const place of [20, 24, 42]) header.writeUInt32LE(0xffffffff, place);
    return Buffer.concat([header, name, field]);
  }
  header.writeUInt32LE(file.content.byteLength, 20);
  header.writeUInt32LE(bytes, 24);
  header.writeUInt32LE(headerAt, 42);
  return Buffer.concat([header, name]);
}

/** Writes an archive as torch.save does, with this pickle and these storages. */
export function makeArchive(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: readonly ZipFile[] = [],
): Buffer {
  const data = Object.entries(storages).map(([key, content]) => ({ name: `archive/data/${key}`, content }));
  return makeZip([{ name: 'archive/data.pkl', content: pickle }, ...data, ...more]);
}
