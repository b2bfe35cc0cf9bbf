import { homedir } from 'node:os';
import { Args, Flags } from '@oclif/core';
import { bytesText } from '../src/bytes-text.js';
import { grouped } from '../src/counted.js';
import { HalonetError } from '../src/errors.js';
import type { NetworkSummary, PartSummary } from '../src/model/summary.js';
import type { Inspection } from '../src/models/inspect.js';
import { architectureFlag, INSPECTABLE_DESCRIPTION, imageSizeFlag } from './flags/flags.js';
import { COMMON, inGroup } from './flags/groups.js';
import { type Column, factsText, millions, shapeText, table } from './report/table.js';
import { BaseCommand } from './support/base-command.js';
import { PLAIN_EXIT_CODES } from './support/exit-codes.js';

const OUTPUT = inGroup('Output');

type Summary = Inspection['summary'];

interface StagedPart extends PartSummary {
  readonly stage: string; // as --stages counts them
}

const PARTS: readonly Column<StagedPart>[] = [
  { title: 'part', cell: ({ name }) => name },
  { title: 'stage', cell: ({ stage }) => stage },
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
  { title: 'inputs', spare: true, cell: ({ inputs }) => inputs.join(' ') },
];

export default class Inspect extends BaseCommand {
  static override summary = 'Show the stages, shapes, parameters, cost and outputs of a model';

  static override description =
    `Checks every tensor of a local or cached checkpoint against the network. A timm model that is not in the cache is not downloaded: its figures follow from the architecture alone, as do those of a config.json. hf-hub:OWNER/NAME is downloaded.

Figures are for one image, and sizes of outputs for float32. --graph lists the operators of the classifier, or of the embedding if the model has no classifier; of an ONNX file, all operators.`;

  static override examples = [
    { description: 'Show the default model', command: 'halonet inspect halonet50ts' },
    { description: 'Show it at another input size', command: 'halonet inspect halonet50ts --image-size 512' },
    { description: 'List the classes of a model as CSV', command: 'halonet inspect demo --classes' },
    { description: 'List every operator of a model', command: 'halonet inspect demo --graph' },
  ];

  static override exitCodes = PLAIN_EXIT_CODES;

  static override args = {
    model: Args.string({
      required: true,
      ignoreStdin: true,
      description: INSPECTABLE_DESCRIPTION,
    }),
  };

  static override flags = {
    graph: Flags.boolean({
      ...OUTPUT,
      ...COMMON,
      description: 'List the operators of the graph, instead of a summary',
    }),
    classes: Flags.boolean({
      ...OUTPUT,
      ...COMMON,
      description: 'List the classes as CSV: index,label',
      exclusive: ['graph', 'json'],
    }),
    json: Flags.boolean({
      ...OUTPUT,
      ...COMMON,
      description: 'Print a JSON object with exact figures',
      exclusive: ['graph'],
    }),
    'image-size': { ...imageSizeFlag, ...COMMON },
    architecture: { ...architectureFlag, ...COMMON },
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
    const { labelsOf, userLabels } = await import('../src/models/labels.js');
    const { facts, summary } = inspection;
    if (flags.classes) {
      const { classesCsv } = await import('../src/outputs/classes-csv.js');
      if (facts.numClasses === 0) throw noClasses(args.model);
      this.log(classesCsv(await labelsOf(facts, 'name', undefined)).trimEnd());
      return;
    }
    const names = (await userLabels(facts))?.map(({ name }) => name);
    if (flags.json) this.logJson(forJson(args.model, inspection, names));
    else if (flags.graph) this.log(table(summary.nodes, NODES, this.width));
    else this.log(report(args.model, inspection, { names, width: this.width }));
  }
}

function noClasses(model: string): HalonetError {
  return new HalonetError(`${model} has no classes to list: it has no classifier`, {
    hint: 'halonet embed and halonet features need no classifier.',
  });
}

/** The class names that a model comes with. */
type Names = readonly string[] | undefined; // undefined: unknown

const SHOWN_CLASSES = 4;

function classesText(count: number, names: Names): string {
  if (count === 0) return 'none: it has no classifier';
  if (names === undefined) return `${count}, without names`;
  const more = names.length > SHOWN_CLASSES ? ', … (all: --classes)' : '';
  return `${count}: ${names.slice(0, SHOWN_CLASSES).join(', ')}${more}`;
}

function report(
  model: string,
  inspection: Inspection,
  { names, width }: { readonly names: Names; readonly width: number | undefined },
): string {
  const { facts, imageSize, summary, weights } = inspection;
  const { pretrained, numClasses } = facts;
  const size = shapeText([imageSize.height, imageSize.width]);
  const lines: readonly (readonly [string, string])[] = [
    ['model', model],
    ['architecture', facts.architecture],
    [
      'weights',
      weights === undefined
        ? 'not downloaded; the figures come from the architecture alone'
        : weightsText(weights),
    ],
    ...(inspection.kind === 'onnx'
      ? []
      : [
          [
            'parameters',
            `${millions(inspection.summary.parameters)} M (${grouped(inspection.summary.parameters)})`,
          ] as const,
          ['embedding', String(inspection.summary.features)] as const,
        ]),
    ['cost', `${(summary.macs / 1e9).toFixed(2)} GMACs at ${size}`],
    ['classes', classesText(numClasses, names)],
    [
      'images',
      `${size}, ${pretrained.interpolation}, ${pretrained.cropMode} crop (crop-pct ${pretrained.cropPct}), mean ${pretrained.mean.join(', ')}, std ${pretrained.std.join(', ')}`,
    ],
  ];
  return [
    factsText(lines, width),
    ...(inspection.kind === 'onnx' ? [] : [table(stagedParts(inspection.summary), PARTS, width)]),
    table(summary.outputs, OUTPUTS, width),
  ].join('\n\n');
}

/** Adds the name of the stage whose map each part ends with. */
function stagedParts({ parts, stages }: NetworkSummary): readonly StagedPart[] {
  const last = parts.at(-2)?.name; // before the head; timm calls its map final_conv, even without that layer
  return parts.map((part) => {
    const i = part.name === last ? stages.length - 1 : stages.findIndex(({ module }) => module === part.name);
    return { ...part, stage: i < 0 ? '-' : `stage${i}` };
  });
}

function weightsText({
  path,
  stateDict,
  tensors,
  bytes,
  dtypes,
}: NonNullable<Inspection['weights']>): string {
  const of = stateDict === undefined ? '' : ` of ${stateDict}`;
  return `${path} (${tensors} tensors${of}, ${bytesText(bytes)}, ${dtypes.join(', ')})`;
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
    labels: labels ?? null, // null: unknown
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
