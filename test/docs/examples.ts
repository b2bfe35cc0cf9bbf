import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { halonet, ROOT } from '../support/cli.js';
import { TIME_LIMIT } from '../support/time-limit.js';
import type { Example } from './pages.js';
import { shownAs } from './shown-as.js';

/** Where the examples of a page run, one after the other. */
export interface Bench {
  readonly folder: string; // with photos/ in it
  readonly bin: string; // with the command halonet
  readonly python?: string; // a Python with the packages that examples use
}

/** A new folder with photos/ and the command halonet. */
export async function openBench(): Promise<Bench> {
  const top = await mkdtemp(join(tmpdir(), 'halonet-docs-'));
  const [folder, bin] = [join(top, 'work'), join(top, 'bin')];
  await mkdir(folder);
  await mkdir(bin);
  await cp(join(ROOT, 'fixtures/images'), join(folder, 'photos'), {
    recursive: true,
    filter: (path) => !path.endsWith('.svg'), // starting a process to draw them takes longer than decoding all others
  });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(bin, 'halonet'), SHIM);
  await chmod(join(bin, 'halonet'), 0o755);
  return { folder, bin };
}

/** What pages show in place of the folder that examples run in. */
const SHOWN_FOLDER = '/data';

const NAMES_MODEL = ['--model', '-m'];
const TAKES_MODEL = ['classify', 'embed', 'features', 'run'];

// The default model needs a download, so a job that names no model gets the demo model.
const SHIM = `#!/bin/sh
case "$1" in
  ${TAKES_MODEL.join('|')})
    for word in "$@"; do
      case "$word" in ${NAMES_MODEL.join('|')}|--model=*) named=1 ;; esac
    done
    [ -n "$named" ] || set -- "$@" --model demo
    ;;
esac
exec '${process.execPath}' '${ROOT}bin/halonet.cjs' "$@"
`;

function withModel(args: readonly string[]): readonly string[] {
  const names = args.some((arg) => NAMES_MODEL.includes(arg) || arg.startsWith('--model='));
  return names || !TAKES_MODEL.includes(args[0] ?? '') ? args : [...args, '--model', 'demo'];
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example, which must succeed, and compares its output with what the page shows. */
export async function checkExample(example: Example, bench: Bench): Promise<void> {
  const { code, stdout, stderr } = await runExample(example, bench);
  const where = `${example.page}:${example.line}`;
  assert.equal(code, 0, `${where} ended with ${code}: ${stderr}`);
  if (example.output === undefined) return;
  const printed = stdout.replaceAll(bench.folder, SHOWN_FOLDER);
  assert.deepEqual(shownAs(printed), shownAs(example.output), where);
}

async function runExample(example: Example, bench: Bench): Promise<Ended> {
  const { language, text } = example;
  if (language === 'sh') return runShell(text, bench);
  if (language === 'js') return runProgram([process.execPath, '--input-type=module', '-'], text, bench);
  const { python } = bench;
  if (python === undefined) throw new Error(`${example.page}:${example.line} needs Python`);
  if (language === 'python') return runProgram([python, '-'], text, bench);
  return runProgram([python, '-'], `import duckdb\nprint(duckdb.sql(r"""${text}"""))\n`, bench);
}

/** Runs shell commands until one fails. */
export function runShell(text: string, bench: Bench): Promise<Ended> {
  const commands = plainCommands(text);
  return commands === undefined ? runProgram(['sh', '-e'], text, bench) : runCommands(commands, bench);
}

interface PlainCommand {
  readonly args: readonly string[];
  readonly into: string | undefined; // the file that standard output goes to
}

const WORD = /"[^"$`\\]*"|[^\s|<>&;$()*?`"'[\]{}~\\]+/g;
const PLAIN = new RegExp(`^halonet((?: +(?:${WORD.source}))+?)(?: +> *([\\w.-]+))?$`);

/** The lines as commands of halonet; undefined if they need a shell. */
function plainCommands(text: string): readonly PlainCommand[] | undefined {
  const lines = text
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/(^|\s)#.*$/gm, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const found = lines.map((line) => PLAIN.exec(line));
  if (found.some((match) => match === null)) return undefined;
  return found.map((match) => ({
    args: (match?.[1]?.match(WORD) ?? []).map((word) => word.replaceAll('"', '')),
    into: match?.[2],
  }));
}

/** Runs commands as a shell with -e does, in a process that serves several commands. */
async function runCommands(commands: readonly PlainCommand[], { folder }: Bench): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  for (const { args, into } of commands) {
    const ended = await halonet(withModel(args), { cwd: folder });
    if (into === undefined) stdout += ended.stdout;
    else await writeFile(join(folder, into), ended.stdout);
    stderr += ended.stderr;
    if (ended.code !== 0) return { code: ended.code, stdout, stderr };
  }
  return { code: 0, stdout, stderr };
}

function runProgram(
  [program = '', ...args]: readonly string[],
  script: string,
  bench: Bench,
): Promise<Ended> {
  const { folder: cwd, bin, python } = bench;
  const path = [bin, ...(python === undefined ? [] : [join(python, '..')]), process.env.PATH ?? ''];
  const env = { ...process.env, PATH: path.join(delimiter) };
  const child = spawn(program, args, { cwd, env, ...TIME_LIMIT });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(script);
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
