import { homedir } from 'node:os';
import { Args, Flags } from '@oclif/core';
import { bytesText } from '../src/bytes-text.js';
import { HalonetError } from '../src/errors.js';
import type { PartSummary } from '../src/model/summary.js';
import type { Inspection } from '../src/models/inspect.js';
import { architectureFlag, imageSizeFlag, RUNNABLE_DESCRIPTION } from './flags/flags.js';
import { type Column, factsText, grouped, millions, shapeText, table } from './report/table.js';
import { BaseCommand } from './support/base-command.js';

type Summary = Inspection['summary'];

const PARTS: readonly Column<PartSummary>[] = [
  { title: 'part', cell: ({ name }) => name },
  { title: 'output', cell: ({ shape }) => shapeText(shape) },
  { title: 'reduction', align: 'right', cell: ({ reduction }) => String(reduction ?? '-') },
  { title: 'parameters', align: 'right', cell: ({ parameters }) => grouped(parameters) },
  { title: 'MMACs', align: 'right', cell: ({ macs }) => millions(macs) },
];

const OUTPUTS: readonly Column<Summary['outputs'][number]>[] = [
  { title: 'output', cell: ({ name }) => name },
  { title: 'shape', cell: ({ shape }) => shapeText(shape) },
  { title: 'per image', align: 'right', cell: ({ bytes }) => bytesText(bytes) },
];

const NODES: readonly Column<Summary['nodes'][number]>[] = [
  { title: 'operator', cell: ({ op, domain }) => (domain === '' ? op : `${domain}.${op}`) },
  { title: 'node', cell: ({ name }) => name },
  { title: 'output', cell: ({ shape }) => shapeText(shape) },
  { title: 'MMACs', align: 'right', cell: ({ macs }) => (macs === 0 ? '' : millions(macs)) },
  { title: 'inputs', cell: ({ inputs }) => inputs.join(' ') },
];

export default class Inspect extends BaseCommand {
  static override summary =
    'Show what a model is: stages, shapes, parameters, cost, and the size of each output';

  static override description =
    `A checkpoint that is here is held against its network, tensor by tensor. A timm name that is not in the cache is not downloaded: the network is known without its weights. A config.json with a model_cfg of your own needs no weights either. The nodes of --graph are those of the classifier, or of the embedding where there is none; of an ONNX file, all.

Figures are for one image; outputs are float32 unless a command is told otherwise.`;

  static override examples = [
    { description: 'The default model', command: '<%= config.bin %> <%= command.id %> halonet50ts' },
    {
      description: 'A network of your own',
      command: '<%= config.bin %> <%= command.id %> my-net/config.json',
    },
    {
      description: 'What its classes are called',
      command: '<%= config.bin %> <%= command.id %> demo --classes',
    },
    { description: 'Every operator', command: '<%= config.bin %> <%= command.id %> demo --graph' },
  ];

  static override args = {
    model: Args.string({
      required: true,
      ignoreStdin: true,
      description: `${RUNNABLE_DESCRIPTION}, or a config.json`,
    }),
  };

  static override flags = {
    architecture: architectureFlag,
    'image-size': imageSizeFlag,
    graph: Flags.boolean({ description: 'list the operators of the graph that is run' }),
    classes: Flags.boolean({
      description: 'list the classes as CSV: index,label',
      exclusive: ['graph', 'json'],
    }),
    json: Flags.boolean({ description: 'as JSON, with exact figures', exclusive: ['graph'] }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(Inspect);
    const { inspectModel } = await import('../src/models/inspect.js');
    const { hubSettingsFromEnv } = await import('../src/hub/settings.js');
    const inspection = await inspectModel(args.model, {
      hub: hubSettingsFromEnv(process.env, homedir()),
      architecture: flags.architecture,
      imageSize: flags['image-size'],
    });
    const { labelsOf, ownLabels } = await import('../src/models/labels.js');
    const { facts, summary } = inspection;
    if (flags.classes) {
      const { classesCsv } = await import('../src/outputs/classes-csv.js');
      if (facts.numClasses === 0) throw noClasses(args.model);
      this.log(classesCsv(await labelsOf(facts, 'name', undefined)).trimEnd());
      return;
    }
    const names = (await ownLabels(facts))?.map(({ name }) => name);
    if (flags.json) this.logJson(forJson(args.model, inspection, names));
    else if (flags.graph) this.log(table(summary.nodes, NODES));
    else this.log(report(args.model, inspection, names));
  }
}

function noClasses(model: string): HalonetError {
  return new HalonetError(`${model} has no classes to list: it has no classifier`, {
    hint: 'halonet embed and halonet features do without one.',
  });
}

/** What a model says of its classes. */
type Names = readonly string[] | undefined; // undefined: they are not known

const SHOWN_CLASSES = 4;

function classesText(count: number, names: Names): string {
  if (count === 0) return 'none: it has no classifier';
  if (names === undefined) return `${count}, without names`;
  const more = names.length > SHOWN_CLASSES ? ', … (all: --classes)' : '';
  return `${count}: ${names.slice(0, SHOWN_CLASSES).join(', ')}${more}`;
}

function report(model: string, inspection: Inspection, names: Names): string {
  const { facts, imageSize, summary, weights } = inspection;
  const { pretrained, numClasses } = facts;
  const size = shapeText([imageSize.height, imageSize.width]);
  const lines: readonly (readonly [string, string])[] = [
    ['model', model],
    ['architecture', facts.architecture],
    ['weights', weights === undefined ? 'not here; the figures need none' : weightsText(weights)],
    ...(inspection.kind === 'onnx'
      ? []
      : [
          [
            'parameters',
            `${millions(inspection.summary.parameters)} M (${grouped(inspection.summary.parameters)})`,
          ] as const,
          ['features', String(inspection.summary.features)] as const,
        ]),
    ['cost', `${(summary.macs / 1e9).toFixed(2)} GMACs at ${size}`],
    ['classes', classesText(numClasses, names)],
    [
      'images',
      `${size}, ${pretrained.interpolation}, ${pretrained.cropMode} crop of ${pretrained.cropPct}, mean ${pretrained.mean.join(', ')}, std ${pretrained.std.join(', ')}`,
    ],
  ];
  return [
    factsText(lines),
    ...(inspection.kind === 'onnx' ? [] : [table(inspection.summary.parts, PARTS)]),
    table(summary.outputs, OUTPUTS),
  ].join('\n\n');
}

function weightsText({
  path,
  stateDict,
  tensors,
  bytes,
  dtypes,
}: NonNullable<Inspection['weights']>): string {
  const of = stateDict === undefined ? '' : ` of ${stateDict}`;
  return `${path} (${tensors} tensors${of}, ${bytesText(bytes)}, ${dtypes.join(' and ')})`;
}

function forJson(model: string, inspection: Inspection, labels: Names) {
  const { facts, imageSize, summary, weights = null } = inspection;
  const { architecture, numClasses: classes, pretrained: preprocessing } = facts;
  const common = {
    model,
    architecture,
    weights,
    macs: summary.macs,
    classes,
    labels: labels ?? null, // null: not known
    imageSize,
    preprocessing,
  };
  if (inspection.kind === 'onnx') return { ...common, outputs: summary.outputs };
  const { parameters, features, parts, stages, outputs } = inspection.summary;
  return {
    ...common,
    parameters,
    features,
    parts,
    stages: stages.map(({ channels, height, width, reduction, module }, i) => ({
      name: `stage${i}`,
      shape: [channels, height, width],
      reduction,
      module,
    })),
    outputs,
  };
}
