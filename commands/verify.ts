import { isAbsolute, relative } from 'node:path';
import { Args } from '@oclif/core';
import { counted } from '../src/counted.js';
import { BaseCommand } from './support/base-command.js';
import { FAILED, INTERRUPTED } from './support/exit-codes.js';
import { abortOnSignals } from './support/interruption.js';

export default class Verify extends BaseCommand {
  static override summary = 'Check that the files of an output are intact, by size and SHA-256';

  static override description =
    'Reads every file in full, and compares its size and SHA-256 with those in OUTPUT.run.json. If the run had several outputs, checks all of them.';

  static override examples = [
    { description: 'Check an array and the files beside it', command: 'halonet verify photos.npy' },
  ];

  static override exitCodes = {
    0: 'intact',
    1: 'altered or missing',
    2: 'could not check',
    ...INTERRUPTED,
  };

  static override args = {
    output: Args.string({
      required: true,
      description: 'File or folder given as --output of a finished run',
    }),
  };

  protected override outcome = 'not all files were checked';

  async run(): Promise<void> {
    const { args } = await this.parse(Verify);
    const [{ judgeFiles }, { findRun }] = await Promise.all([
      import('../src/runs/verify.js'),
      import('../src/runs/find-run.js'),
    ]);
    const run = await findRun(args.output);
    const { place, manifest } = run;
    const { signal, release } = abortOnSignals();
    const shown = (path: string) => (isAbsolute(args.output) ? path : fromHere(path));
    let altered = 0;
    try {
      for await (const { path, state } of judgeFiles(run, signal)) {
        this.log(`${state.padEnd('altered'.length)}  ${shown(path)}`);
        if (state !== 'intact') altered++;
      }
    } finally {
      release();
    }
    if (altered > 0) {
      process.exitCode = FAILED;
      const [are, them] = altered === 1 ? ['is', 'it'] : ['are', 'them'];
      this.logToStderr(
        `${counted(altered, 'file')} ${are} altered or missing. Restore ${them} from a backup, or repeat the command in ${shown(place.manifest)} with --overwrite.`,
      );
    }
    this.logToStderr(
      `${counted(manifest.rows, 'row')}, written ${manifest.finished} by halonet ${manifest.versions.halonet}`,
    );
  }
}

/** Returns a path relative to the working directory, if it is in there. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}
