import { versions } from 'node:process';
import { promisify } from 'node:util';
import { constants, gzip as gzipOf } from 'node:zlib';
import { gunzip } from '../../formats/compressed/gzip.js';
import type { Compression } from './compression.js';

const OPTIONS = { level: 6, windowBits: 15, memLevel: 8, strategy: constants.Z_DEFAULT_STRATEGY } as const;

// https://datatracker.ietf.org/doc/html/rfc1952#section-2.3
const OPERATING_SYSTEM = 9; // byte of the header
const UNKNOWN = 255;

const compress = promisify<Uint8Array, typeof OPTIONS, Buffer>(gzipOf);

/** gzip: a member for each piece, without a time stamp. Members are compressed in threads. */
export const gzip: Compression = {
  name: 'gzip',
  extension: '.gz',
  setting: () => `gzip ${OPTIONS.level}, zlib ${versions.zlib}`,
  load: async () => async (piece) => {
    const member = await compress(piece, OPTIONS);
    member[OPERATING_SYSTEM] = UNKNOWN; // zlib states the one it was built for
    return member;
  },
  decompress: gunzip,
};
