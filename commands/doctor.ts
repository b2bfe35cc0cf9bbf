import { availableParallelism, cpus, homedir, release, totalmem, type } from 'node:os';
import { Flags } from '@oclif/core';
import { examinationText } from './report/examination-text.js';
import { BaseCommand } from './support/base-command.js';
import { host } from './support/host.js';
import { abortOnSignals } from './support/interruption.js';

const COULD_NOT_RUN = 2;

export default class Doctor extends BaseCommand {
  static override summary =
    'Look at what halonet runs on: versions, CPU, GPUs, image formats, cache, and what could be better';

  static override description =
    `Each device is tried for real: a small network runs on it, and its results are held against the CPU's. A rate is of that network, in fp32, and no more than a hint; the largest error is relative to the largest value.

Exit codes: 0 a model can be run on the CPU, 2 it cannot.`;

  static override examples = [
    { description: 'For people', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'For programs', command: '<%= config.bin %> <%= command.id %> --json' },
  ];

  static override flags = {
    json: Flags.boolean({ description: 'a JSON object, with exact figures' }),
  };

  protected override leaves = 'there is no report';

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const { canRun, examine } = await import('../src/doctor/examine.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const { signal, release: releaseSignals } = abortOnSignals();
    try {
      const examination = await examine(
        {
          halonet: this.config.version,
          node: process.versions.node,
          system: `${type()} ${release()}`,
          cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
          cores: cpus().length,
          usableCores: availableParallelism(),
          memory: totalmem(),
          availableMemory: process.availableMemory(),
        },
        { host: host(), threads: availableParallelism(), signal },
        hubSettingsFromEnv(process.env, homedir()),
      );
      if (flags.json) this.logJson(examination);
      else this.log(examinationText(examination));
      if (!canRun(examination)) process.exitCode = COULD_NOT_RUN;
    } finally {
      releaseSignals();
    }
  }
}
