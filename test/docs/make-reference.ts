// Writes docs/reference.md from the metadata of the commands: npm run build && node dist/test/docs/make-reference.js

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';
import { REFERENCE, reference } from './reference.js';

await writeFile(join(ROOT, REFERENCE), await reference());
