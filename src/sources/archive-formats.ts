import type { ArchiveFormat } from './archive-format.js';
import { TAR, TAR_GZIP, TAR_ZSTD } from './tar.js';
import { ZIP } from './zip.js';

/** The formats of archives. */
export const ARCHIVE_FORMATS: readonly ArchiveFormat[] = [TAR, TAR_GZIP, TAR_ZSTD, ZIP];
