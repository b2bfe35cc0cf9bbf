import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { findFeaturesFolder } from '../../src/outputs/features-folder.js';
import { findRegularPlace } from '../../src/outputs/regular-place.js';
import { inFolder } from './scratch.js';

describe('findRegularPlace', () => {
  it('refuses a device, and names the formats that can be written to it', async () => {
    await assert.rejects(findRegularPlace(devNull), {
      name: 'OutputError',
      message: `${devNull} is not a regular file, and an output of this format is completed at the end`,
      hint: 'Name a regular file, or pass --format jsonl or --format csv, uncompressed.',
    });
  });
});

describe('findFeaturesFolder', () => {
  it(
    'refuses a file, and names the format that is a single file',
    inFolder(async (folder) => {
      const output = join(folder, 'maps');
      await writeFile(output, '');
      await assert.rejects(findFeaturesFolder(output), {
        name: 'OutputError',
        message: `${output} is a file, and features as NPY are a folder of files`,
        hint: 'Choose another name, or pass --format jsonl.',
      });
    }),
  );
});
