import { homedir } from 'node:os';
import { Args, Flags } from '@oclif/core';
import type { ModelRow } from '../src/models/models.js';
import { type Column, millions, shapeText, table } from './report/table.js';
import { BaseCommand } from './support/base-command.js';

const COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'model', cell: ({ name }) => name },
  { title: 'M params', align: 'right', cell: ({ parameters }) => millions(parameters) },
  { title: 'GMACs', align: 'right', cell: ({ macs }) => (macs / 1e9).toFixed(2) },
  { title: 'input', align: 'right', cell: ({ imageSize }) => shapeText(imageSize) },
  { title: 'features', align: 'right', cell: ({ features }) => String(features) },
  { title: 'classes', align: 'right', cell: ({ classes }) => (classes === 0 ? '-' : String(classes)) },
  { title: 'licence', cell: ({ license }) => license ?? '-' },
  { title: 'weights', cell: ({ weights }) => weights },
];

export default class Models extends BaseCommand {
  static override summary =
    'List the models that can be named: parameters, cost, input size, and what is in the cache';

  static override description =
    `GMACs are the multiply-accumulates of convolutions and matrix products for one image, counted in the graph that is run.

weights: embedded in this package, cached (in the Hugging Face cache), download (on the hub), or untrained (timm defines the model but has no weights of it).`;

  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> <%= command.id %>' },
    { description: 'Those with halo in their name', command: '<%= config.bin %> <%= command.id %> halo' },
    { description: 'As JSON', command: '<%= config.bin %> <%= command.id %> "resnet*ts.*" --json' },
  ];

  static override strict = false;

  static override args = {
    pattern: Args.string({
      multiple: true,
      ignoreStdin: true,
      description: 'part of a name, or a whole name with * and ?; all models when not given',
    }),
  };

  static override flags = {
    json: Flags.boolean({ description: 'a JSON list, with exact figures' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Models);
    const { listModels } = await import('../src/models/models.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const patterns = args.pattern ?? [];
    const rows = await listModels(patterns, hubSettingsFromEnv(process.env, homedir()));
    if (rows.length === 0) this.logToStderr(`no model matches ${patterns.join(', ')}`);
    if (flags.json) this.logJson(rows);
    else if (rows.length > 0) this.log(table(rows, COLUMNS));
  }
}
