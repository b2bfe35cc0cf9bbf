import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';

/** A page of the documentation. */
export interface Page {
  readonly name: string; // its path in the repository: docs/models.md
  readonly text: string;
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly line: number; // of its opening fence
  readonly language: string;
  readonly words: readonly string[]; // of its info string, after the language
  readonly text: string;
}

/** A block that runs: its info string has the word `example`, then what only check.sh has: programs, time (`slow`). */
export interface Example extends Block {
  readonly needs: readonly string[];
  readonly output: string | undefined; // the text of a `text output` block after it
}

/** README.md and the pages of docs/. reference.md is generated and has its own test. */
export function readPages(): readonly Page[] {
  const files = readdirSync(join(ROOT, 'docs')).filter(
    (file) => file.endsWith('.md') && file !== 'reference.md',
  );
  const names = ['README.md', ...files.sort().map((file) => `docs/${file}`)];
  return names.map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));
}

const FENCE = /^```(\S*)(?: (.+))?$/;

export function blocksOf({ name, text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; words: string[]; lines: string[] } | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (open !== undefined && line === '```') {
      const { lines, ...rest } = open;
      blocks.push({ page: name, ...rest, text: lines.map((each) => `${each}\n`).join('') });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (fence !== null) {
      const [, language = '', words = ''] = fence;
      open = { line: i + 1, language, words: words.split(' ').filter(Boolean), lines: [] };
    }
  }
  if (open !== undefined) throw new Error(`${name}:${open.line}: the block has no end`);
  return blocks;
}

// What a language needs besides Node and a shell.
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  sh: [],
  js: [],
  python: ['python'],
  sql: ['python'], // DuckDB comes as a module of Python
};

export function examplesOf(page: Page): readonly Example[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, i) => {
    const [mark, ...needs] = block.words;
    if (mark !== 'example') return [];
    const needed = NEEDED[block.language];
    if (needed === undefined)
      throw new Error(`${page.name}:${block.line}: no ${block.language} example runs`);
    const next = blocks[i + 1];
    const output = next !== undefined && isOutput(next) ? next.text : undefined;
    return [{ ...block, needs: [...needed, ...needs], output }];
  });
}

export const isOutput = ({ language, words }: Block) => language === 'text' && words[0] === 'output';

/** The text of a page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}
