import { readFile, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { startHalonet } from '../support/cli.js';
import { watchMemory } from './memory.js';

const LONGEST = 300_000; // ms without an end or another row, after which a run counts as hanging
const ALL_ROWS = 86_400; // seconds, since a run that makes progress may take long
const ARGS = ['--model', 'demo', '--device', 'cpu', '--threads', '1', '--top-k', '1', '--format', 'jsonl'];

const WHOLE = 'fixtures/images/shapes/ring.svg';

/** The result of a run of the command line. */
export interface Run {
  readonly lines: readonly string[]; // of its output
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null; // SIGKILL if it hung
  readonly stderr: string;
  readonly peak: number; // bytes of memory
  readonly ms: number;
}

/** Classifies a folder into a file, with the default number of decoders. */
export async function classifyFolder(
  folder: string,
  output: string,
  flags: readonly string[] = [],
): Promise<Run> {
  const child = start([folder, '--output', output, '--overwrite', ...flags]);
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST);
  const end = await child.ended;
  clearTimeout(timer);
  const text = await readFile(output, 'utf8').catch(() => '');
  await rm(output, { force: true });
  return { ...end, lines: text.split('\n').slice(0, -1) };
}

/** The row for one path, or how the run ended instead. */
export interface Answer {
  readonly path: string;
  readonly line: string | undefined; // undefined if there was none
  readonly end: string; // if there was none: the signal or exit code, and standard error
  readonly ms: number;
}

/**
 * Classifies paths one by one: sends each after the row of the one before, and the first after the row of an intact
 * image, so that times do not include startup. Starts a new run when one ends early.
 */
export async function askOneByOne(paths: readonly string[]): Promise<{
  readonly answers: readonly Answer[];
  readonly stderr: string;
  readonly peak: number;
}> {
  const answers: Answer[] = [];
  let [stderr, peak] = ['', 0];
  while (answers.length < paths.length) {
    const child = start(['-']);
    const rows = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (path: string) => {
      const begun = performance.now();
      child.stdin.write(`${path}\n`);
      const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST);
      const { value, done } = await rows.next();
      clearTimeout(timer);
      return { path, line: done ? undefined : String(value), end: '', ms: performance.now() - begun };
    };
    let answer = await ask(WHOLE);
    if (answer.line === undefined) throw new Error(`no row for ${WHOLE}: ${(await child.ended).stderr}`);
    while (answer.line !== undefined && answers.length < paths.length) {
      answer = await ask(paths[answers.length] ?? '');
      if (answer.line !== undefined) answers.push(answer);
    }
    child.stdin.end();
    const end = await child.ended;
    stderr += end.stderr;
    peak = Math.max(peak, end.peak);
    if (answer.line === undefined) {
      answers.push({ ...answer, end: `${end.signal ?? `exit code ${end.code}`} ${end.stderr}` });
    }
  }
  return { answers, stderr, peak };
}

function start(args: readonly string[]) {
  const begun = performance.now();
  const child = startHalonet(['classify', ...args, ...ARGS, '--quiet'], { limit: ALL_ROWS });
  child.stdin.on('error', () => {}); // the process has ended, which is handled below
  const memory = watchMemory(child.pid ?? 0);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Omit<Run, 'lines'>>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => {
      resolve({ code, signal, stderr, peak: memory.stop(), ms: performance.now() - begun });
    });
  });
  return Object.assign(child, { ended });
}
