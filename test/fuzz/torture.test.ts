import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFolder } from './check-folder.js';
import { classifyFolder } from './classify.js';
import { memoryBound } from './memory-bound.js';
import { keep, Report } from './report.js';

const FOLDER = process.env.HALONET_TORTURE ?? ''; // images named PACKAGE_NUMBER_NAME, which check.sh fetches

describe('test images of image libraries', () => {
  it('each get a row, in bounded memory', async function () {
    if (FOLDER === '') this.skip();
    const root = await mkdtemp(join(tmpdir(), 'halonet-torture-'));
    const small = await classifyFolder('fixtures/images', join(root, 'small.jsonl'));
    const folder = join(root, 'images'); // the rows go to a file beside it
    await symlink(FOLDER, folder);
    const checked = await checkFolder(folder);
    const report = new Report();
    report.add(checked, (name) => name.split('_')[0]);
    for (const line of report.lines()) console.log(`    ${line}`);
    const problems = [...checked.problems];
    if (checked.peak > memoryBound(small.peak))
      problems.push({ what: `took ${checked.peak} bytes of memory` });
    const kept = join(tmpdir(), 'halonet-torture-failures');
    if (problems.length > 0) assert.fail(await keep(problems, folder, kept));
    await rm(root, { recursive: true });
  });
});
