import { Args } from '@oclif/core';
import { counted } from '../src/counted.js';
import { BaseCommand, FAILED } from './support/base-command.js';
import { INTERRUPTED } from './support/exit-codes.js';
import { abortOnSignals } from './support/interruption.js';

export default class Verify extends BaseCommand {
  static override summary = 'Check the files of an output against the manifest of its run';

  static override description =
    'Reads every file in full, and compares its size and SHA-256 with those in OUTPUT.run.json.';

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
      description: 'Output of a finished run: the file or folder given as --output',
    }),
  };

  protected override outcome = 'not all files were checked';

  async run(): Promise<void> {
    const { args } = await this.parse(Verify);
    const [{ checkFiles, isUnaltered }, { findRun }] = await Promise.all([
      import('../src/runs/verify.js'),
      import('../src/runs/find-run.js'),
    ]);
    const { place, manifest } = await findRun(args.output);
    const { signal, release } = abortOnSignals();
    let altered = 0;
    try {
      for await (const file of checkFiles(place, manifest, signal)) {
        const isIntact = isUnaltered(file);
        this.log(
          `${isIntact ? 'as written' : file.found === undefined ? 'missing' : 'differs'}  ${file.path}`,
        );
        if (!isIntact) altered++;
      }
    } finally {
      release();
    }
    if (altered > 0) {
      process.exitCode = FAILED;
      this.logToStderr(
        `${counted(altered, 'file')} not as written: repeat the command in ${place.manifest} with --overwrite`,
      );
    }
    this.logToStderr(
      `${counted(manifest.rows, 'row')}, written ${manifest.finished} by halonet ${manifest.versions.halonet}`,
    );
  }
}
