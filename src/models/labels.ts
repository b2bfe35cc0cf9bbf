import { readFile } from 'node:fs/promises';
import { HalonetError } from '../errors.js';
import type { ModelConfig } from '../model/config-file/parse.js';
import { systemReason } from '../system-reason.js';
import { IMAGENET_1K_FILE } from './package-files.js';

/** How classes are named: first name, all names, WordNet id, or number. */
export type LabelType = 'name' | 'full' | 'synset' | 'index';

/** The names of a class. */
export interface Label {
  readonly name: string;
  readonly full: string;
  readonly synset: string | undefined;
}

/** The class names that a model comes with. */
type Classes = Pick<ModelConfig, 'numClasses' | 'labelNames' | 'labelDescriptions'>;

/**
 * Returns the label of each class, in the order of the logits.
 *
 * Uses the given names, else the checkpoint's own, else ImageNet-1k's if there are 1000 classes; a model without
 * names is labelled by number.
 *
 * @throws HalonetError if there are more or fewer names than classes, or synsets are requested but unknown
 */
export async function labelsOf(
  config: Classes,
  type: LabelType,
  given: readonly Label[] | undefined,
): Promise<readonly string[]> {
  const count = config.numClasses;
  const numbers = Array.from({ length: count }, (_, i) => String(i));
  if (type === 'index') return numbers;
  const labels = given ?? (await userLabels(config));
  if (labels === undefined) return numbers;
  if (labels.length !== count) {
    throw new HalonetError(`--labels: ${labels.length} labels for a model of ${count} classes`, {
      hint: 'Give one label for each class, in the order of the classes.',
    });
  }
  return labels.map((label, i) => {
    const text = label[type];
    if (text !== undefined) return text;
    throw new HalonetError(`--label-type synset: class ${i} (${label.name}) has no WordNet id`, {
      hint: 'Use --label-type name, or a --labels TSV with a synset column.',
    });
  });
}

/** Returns the checkpoint's class names, else ImageNet-1k's if there are 1000 classes; undefined if unknown. */
export async function userLabels(config: Classes): Promise<readonly Label[] | undefined> {
  const { labelNames, labelDescriptions } = config;
  if (labelNames !== undefined) {
    return labelNames.map((name) => plain(name, labelDescriptions?.get(name) ?? name));
  }
  return config.numClasses === 1000 ? readLabels(IMAGENET_1K_FILE) : undefined;
}

/**
 * Reads a file of class names, in class order: one name per line, TSV with a header (name, and optionally index and
 * synset), or JSON (a list, or an object by class number).
 *
 * @throws HalonetError if it cannot be read or is none of these
 */
export async function readLabels(file: string): Promise<readonly Label[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new HalonetError(`--labels ${file}: ${systemReason(cause)}`, { cause });
  }
  const content = text.replace(/^\uFEFF/, '');
  if (/^\s*[[{]/.test(content)) return parseJson(content, file);
  const lines = content.split(/\r?\n/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  const header = lines[0]?.split('\t') ?? [];
  return header.includes('name') && header.length > 1
    ? parseTsv(header, lines.slice(1), file)
    : lines.map((line) => plain(line.trim()));
}

/** Parses a JSON list of names, or an object from class number to name. */
function parseJson(text: string, file: string): readonly Label[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HalonetError(`--labels ${file}: not valid JSON (${(cause as Error).message})`, { cause });
  }
  const entries = Object.entries(json as object);
  const names = Array.isArray(json) ? json : entries.map((_, i) => (json as Record<string, unknown>)[i]);
  return names.map((name: unknown, i) => {
    if (typeof name === 'string') return plain(name);
    throw new HalonetError(
      `--labels ${file}: class ${i}: expected a string, received ${JSON.stringify(name) ?? 'nothing'}`,
    );
  });
}

/** Parses columns by header: name (comma-separated synonyms) and, optionally, index and synset. */
function parseTsv(header: readonly string[], lines: readonly string[], file: string): readonly Label[] {
  const column = (name: string) => header.indexOf(name);
  const [index, synset, name] = [column('index'), column('synset'), column('name')];
  const labels: Label[] = [];
  for (const [row, line] of lines.entries()) {
    const cells = line.split('\t');
    const full = cells[name];
    const at = index < 0 ? row : Number(cells[index]);
    if (full === undefined || !Number.isSafeInteger(at) || at < 0 || at >= lines.length) {
      throw new HalonetError(
        `--labels ${file}: line ${row + 2}: expected ${header.join(', ')} separated by tabs`,
      );
    }
    if (labels[at] !== undefined)
      throw new HalonetError(`--labels ${file}: line ${row + 2}: class ${at} has a name already`);
    labels[at] = {
      name: full.split(',')[0]?.trim() ?? full,
      full,
      synset: synset < 0 ? undefined : cells[synset],
    };
  }
  const missing = lines.findIndex((_, i) => labels[i] === undefined);
  if (missing >= 0 || labels.length !== lines.length) {
    throw new HalonetError(`--labels ${file}: class ${missing < 0 ? labels.length : missing} is missing`);
  }
  return labels;
}

const plain = (name: string, full = name): Label => ({
  name,
  full,
  synset: /^n\d{8}$/.test(name) ? name : undefined,
});
