import { homedir } from 'node:os';
import { Args, Flags } from '@oclif/core';
import type { ModelRow } from '../src/models/models.js';
import { COMMON, inGroup } from './flags/groups.js';
import { type Column, millions, shapeText, table } from './report/table.js';
import { BaseCommand } from './support/base-command.js';
import { PLAIN_EXIT_CODES } from './support/exit-codes.js';

const COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'model', cell: ({ name }) => name },
  { title: 'M params', align: 'right', cell: ({ parameters }) => millions(parameters) },
  { title: 'GMACs', align: 'right', cell: ({ macs }) => (macs / 1e9).toFixed(2) },
  { title: 'input', align: 'right', cell: ({ imageSize }) => shapeText(imageSize) },
  { title: 'embedding', align: 'right', spare: true, cell: ({ features }) => String(features) },
  {
    title: 'classes',
    align: 'right',
    spare: true,
    cell: ({ classes }) => (classes === 0 ? '-' : String(classes)),
  },
  { title: 'licence', spare: true, cell: ({ license }) => license ?? '-' },
  { title: 'weights', cell: ({ weights }) => weights },
];

export default class Models extends BaseCommand {
  static override summary = 'List the models that halonet knows, with their size and cost';

  static override description =
    `GMACs are the multiply-accumulate operations for one image, counted over the convolutions and matrix products of the graph that runs.

The weights column says where they come from: included (in this package), cached (in the Hugging Face cache), download (from the hub), or untrained (timm defines the model but publishes no weights).`;

  static override examples = [
    { description: 'List all models', command: 'halonet models' },
    { description: 'List the models with halo in their name', command: 'halonet models halo' },
    {
      description: 'List those that match a pattern, as JSON',
      command: "halonet models 'resnet*ts.*' --json",
    },
  ];

  static override exitCodes = PLAIN_EXIT_CODES;

  static override strict = false;

  static override args = {
    pattern: Args.string({
      multiple: true,
      ignoreStdin: true,
      description: 'Part of a name, or a whole name with * and ?; all models by default',
    }),
  };

  static override flags = {
    json: Flags.boolean({
      ...inGroup('Output'),
      ...COMMON,
      description: 'Print a JSON list with exact figures',
    }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Models);
    const { listModels } = await import('../src/models/models.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const rows = await listModels(args.pattern ?? [], hubSettingsFromEnv(process.env, homedir()));
    if (flags.json) this.logJson(rows);
    else this.log(table(rows, COLUMNS, this.width));
  }
}
