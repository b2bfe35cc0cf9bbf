import { availableParallelism, cpus, homedir, release, totalmem, type } from 'node:os';
import { Flags } from '@oclif/core';
import { COMMON, inGroup } from './flags/groups.js';
import { examinationText } from './report/examination-text.js';
import { BaseCommand } from './support/base-command.js';
import { INTERRUPTED } from './support/exit-codes.js';
import { host } from './support/host.js';
import { abortOnSignals } from './support/interruption.js';

const COULD_NOT_RUN = 2;

export default class Doctor extends BaseCommand {
  static override summary = 'Check what halonet runs on: CPU, GPUs, image formats, cache';

  static override description =
    `Runs a small network on each device and compares its results with the CPU's. Each error is relative to the largest value. The rate is for that network in fp32, and only a rough guide.`;

  static override examples = [
    { description: 'Check this machine, and read how to get more out of it', command: 'halonet doctor' },
    { description: 'Print the report as JSON, with exact figures', command: 'halonet doctor --json' },
  ];

  static override exitCodes = {
    0: 'models can run on the CPU',
    2: 'they cannot',
    ...INTERRUPTED,
  };

  static override flags = {
    json: Flags.boolean({
      ...inGroup('Output'),
      ...COMMON,
      description: 'Print a JSON object with exact figures',
    }),
  };

  protected override outcome = 'there is no report';

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
      else this.log(examinationText(examination, this.width));
      if (!canRun(examination)) process.exitCode = COULD_NOT_RUN;
    } finally {
      releaseSignals();
    }
  }
}
