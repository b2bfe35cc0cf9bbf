import type { ArchiveFormat } from './archive.js';
import { TAR } from './tar.js';
import { ZIP } from './zip.js';

/** The formats of archives. */
export const ARCHIVE_FORMATS: readonly ArchiveFormat[] = [TAR, ZIP];
