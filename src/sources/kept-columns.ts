import { HalonetError } from '../errors.js';
import type { FactName } from '../facts.js';
import { correction } from '../spelling.js';
import type { InputColumns } from './source.js';

// The columns of outputs, and the members of their JSON.
const RESERVED =
  /^(path|row|error|error_code|error_message|stage|stages|stage\d+|predictions|embedding|(index|label|score)_\d+|[ef]\d+)$/;

/**
 * Returns the columns of inputs that an output keeps.
 *
 * @param keep names of columns, or all: those of each input in turn, without those that the output has itself
 * @param facts about images that the output has as columns
 * @throws {HalonetError} if no input has such a column, or the output has one of that name itself
 */
export function keptColumns(
  keep: readonly string[] | 'all',
  inputs: readonly InputColumns[],
  facts: readonly FactName[] = [],
): readonly string[] {
  const found = new Set(inputs.flatMap(({ columns }) => (typeof columns === 'string' ? [] : columns)));
  if (inputs.every(({ columns }) => columns === 'none')) throw noColumns(keep);
  const isFact = (name: string) => facts.some((fact) => fact === name);
  const kept = keep === 'all' ? [...found].filter((name) => !RESERVED.test(name) && !isFact(name)) : keep;
  const isUnknown = inputs.some(({ columns }) => columns === 'unknown');
  for (const name of kept) {
    const isFound = found.has(name) || inputs.some(({ onlyByName }) => onlyByName === name);
    if (!isFound && !isUnknown) throw noColumn(name, [...found]);
    for (const input of inputs) expectOne(name, input);
    if (isFact(name)) {
      throw new HalonetError(`--keep-columns: ${JSON.stringify(name)} would also be a column of --columns`, {
        hint: `Leave it out of one of the two flags, or rename the column in the input to have both.`,
      });
    }
    if (RESERVED.test(name)) {
      throw new HalonetError(`--keep-columns: the output has a column ${JSON.stringify(name)} of its own`, {
        hint: 'Rename the column in the input, or leave it out.',
      });
    }
  }
  return kept;
}

function expectOne(name: string, { name: input, columns }: InputColumns): void {
  if (typeof columns === 'string' || columns.indexOf(name) === columns.lastIndexOf(name)) return;
  throw new HalonetError(`--keep-columns: ${input} has two columns ${JSON.stringify(name)}`, {
    hint: 'Rename one of them.',
  });
}

function noColumns(keep: readonly string[] | 'all'): HalonetError {
  return new HalonetError(
    `--keep-columns ${keep === 'all' ? keep : keep.join(',')}: the inputs have no columns`,
    {
      hint: 'Columns come with lists that end in .csv, .tsv, .jsonl, .ndjson or .parquet, with Parquet files of images, and with WebDataset samples in archives.',
    },
  );
}

const SHOWN = 20; // names
const NONE =
  'The inputs have none. In an archive, the files of a sample must stand next to each other, as tar --sort=name packs them.';

function noColumn(name: string, found: readonly string[]): HalonetError {
  const near = correction(name, found);
  const shown = [...found.slice(0, SHOWN), ...(found.length > SHOWN ? ['…'] : [])].join(', ');
  const among = found.length === 0 ? NONE : `The columns are ${shown}.`;
  return new HalonetError(`--keep-columns: no input has a column ${JSON.stringify(name)}`, {
    hint: near === undefined ? among : `Did you mean ${near}? ${among}`,
  });
}
