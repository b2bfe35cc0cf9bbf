import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classifiedSamples } from './classified-samples.js';
import { captionsOf, contactSheet } from './contact-sheet.js';

describe('the picture in README.md', () => {
  it('shows every sample image with the prediction of the demo model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'halonet-sheet-'));
    try {
      const now = join(folder, 'now.webp');
      await writeFile(now, await contactSheet(await classifiedSamples()));
      const [drawn, expected] = [await captionsOf('docs/contact-sheet.webp'), await captionsOf(now)];
      assert.equal(drawn.length, 16);
      for (const [i, [name, ...classes]] of expected.entries()) {
        const [nameDrawn, ...classesDrawn] = drawn[i] ?? [''];
        assert.equal(nameDrawn, name);
        assert.equal(classesDrawn[0]?.[0], classes[0]?.[0]);
        const off = Math.abs((classesDrawn[0]?.[1] ?? 0) - (classes[0]?.[1] ?? 100));
        assert.ok(off <= 1, `${name}: ${off} per cent, where another CPU may round`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
