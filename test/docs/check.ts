// Runs the examples of each page that has some in Python or SQL, or some that need jq or sqlite3, in page order.
// node dist/test/docs/check.js [PYTHON]: a Python with the packages of check.sh; skips its examples without it
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkExample, openBench } from './examples.js';
import { examplesOf, readPages } from './pages.js';

const [python = ''] = process.argv.slice(2);

for (const page of readPages()) {
  const all = examplesOf(page);
  if (all.every(({ needs }) => needs.length === 0)) continue;
  const examples = all.filter(({ needs }) => python !== '' || !needs.includes('python'));
  const bench = { ...(await openBench()), python };
  try {
    for (const example of examples) await checkExample(example, bench);
    console.log(`${page.name}: ${examples.length} of ${all.length} examples run as the page says`);
  } finally {
    await rm(join(bench.folder, '..'), { recursive: true });
  }
}
process.exit(); // the process that serves commands waits for more
