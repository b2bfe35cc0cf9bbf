import { fileURLToPath } from 'node:url';

/** The package's root, from dist/test/support/. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
