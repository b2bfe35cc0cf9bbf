import type {
  BenchmarkReport,
  DecodeRate,
  GemmRate,
  PipelineRate,
  SessionRate,
} from '../../src/benchmark/report.js';
import { canCompare, relativeSpread, type Spread, spreadOf } from '../../src/benchmark/statistics.js';
import { bytesText } from '../../src/bytes-text.js';
import type { BenchmarkRun } from './benchmark-run.js';
import { boundSentence } from './bound-sentence.js';
import { type Column, figure, percent, type table } from './table.js';

/** A part of a report: text around a table. */
export interface Section {
  readonly title: string;
  readonly body: string;
}

type StartTime = readonly [what: string, seconds: Spread];

const giga = (value: number): string => figure(value / 1e9);

const rate = <T>(title: string, spread: (row: T) => Spread, show = figure): readonly Column<T>[] => [
  { title, align: 'right', cell: (row) => show(spread(row).median) },
  {
    title: 'quartiles',
    align: 'right',
    cell: (row) => `${show(spread(row).low)}–${show(spread(row).high)}`,
  },
];

const GEMM: readonly Column<GemmRate>[] = [
  { title: 'precision', cell: ({ precision }) => precision },
  { title: 'threads', align: 'right', cell: ({ threads }) => String(threads) },
  { title: 'matrices', cell: ({ shape: [m, k, n] }) => `${m}×${k} · ${k}×${n}` },
  ...rate<GemmRate>('GFLOP/s', ({ flopsPerSecond }) => flopsPerSecond, giga),
];

const SESSION: readonly Column<SessionRate>[] = [
  { title: 'precision', cell: ({ precision }) => precision },
  { title: 'threads', align: 'right', cell: ({ threads }) => String(threads) },
  { title: 'batch', align: 'right', cell: ({ batchSize }) => String(batchSize) },
  ...rate<SessionRate>('images/s', ({ imagesPerSecond }) => imagesPerSecond),
  { title: 'GFLOP/s', align: 'right', cell: ({ flopsPerSecond }) => giga(flopsPerSecond) },
  { title: 'of GEMM', align: 'right', cell: ({ ofGemm }) => percent(ofGemm) },
];

const DECODE: readonly Column<DecodeRate>[] = [
  { title: 'images', cell: ({ photos }) => photos.name },
  { title: 'decode', cell: ({ decode }) => decode },
  { title: 'file', align: 'right', cell: ({ photos }) => bytesText(photos.bytes) },
  { title: 'at once', align: 'right', cell: ({ decoders }) => String(decoders) },
  ...rate<DecodeRate>('images/s', ({ imagesPerSecond }) => imagesPerSecond),
  { title: 'CPU ms', align: 'right', cell: ({ cpuSeconds }) => figure(1000 * cpuSeconds.median) },
];

const PIPELINE: readonly Column<PipelineRate>[] = [
  { title: 'images', cell: ({ photos }) => photos.name },
  { title: 'decode', cell: ({ decode }) => decode },
  { title: 'precision', cell: ({ precision }) => precision },
  { title: 'threads', align: 'right', cell: ({ threads }) => String(threads) },
  { title: 'batch', align: 'right', cell: ({ found }) => String(found?.batchSize ?? '-') },
  { title: 'decoders', align: 'right', cell: ({ found }) => String(found?.decoders ?? '-') },
  ...rate<PipelineRate>('images/s', ({ imagesPerSecond }) => imagesPerSecond),
  {
    title: 'of network',
    align: 'right',
    cell: ({ imagesPerSecond, bound }) => percent(imagesPerSecond.median / bound.session),
  },
  {
    title: 'of limit',
    align: 'right',
    cell: ({ imagesPerSecond, bound }) => percent(imagesPerSecond.median / bound.limit),
  },
  { title: 'bound by', cell: ({ bound }) => bound.stage },
];

const START: readonly Column<StartTime>[] = [
  { title: 'start', cell: ([what]) => what },
  ...rate<StartTime>('seconds', ([, seconds]) => seconds),
];

/** Returns a report as text, part by part. */
export function sectionsOf(report: BenchmarkReport, tabulate: typeof table): readonly Section[] {
  const { gemm, session, decode, pipeline, start } = report;
  return [
    {
      title: 'GEMM rate',
      body: `${tabulate(gemm, GEMM)}\n\nChains of matrix products in ONNX Runtime, with constant right-hand sides. The column "of GEMM" compares with the fastest fp32 rate at the same number of threads.`,
    },
    {
      title: 'Network alone',
      body: `${tabulate(session, SESSION)}\n\n${[...bestSentences(session), ...gainSentences(session)].join('\n')}`,
    },
    {
      title: 'Decode and resize alone',
      body: [tabulate(decode, DECODE), decodeSentences(decode)].join('\n\n').trimEnd(),
    },
    {
      title: 'Whole pipeline',
      body: [
        tabulate(pipeline, PIPELINE),
        ...unsettledNote(pipeline),
        pipeline.map(boundSentence).join('\n'),
      ].join('\n\n'),
    },
    {
      title: 'Start',
      body: tabulate(
        [
          ['halonet --help, complete run', start.help],
          ['first result of one image, from the start of the process', start.firstResult],
        ],
        START,
      ),
    },
  ];
}

/** Explains the dashes in the columns that jobs find by measurement. */
function unsettledNote(rates: readonly PipelineRate[]): readonly string[] {
  const settled = rates.every(({ found }) => found !== undefined);
  return settled ? [] : ['A dash under batch or decoders means that the job ended before tuning settled.'];
}

/** The best batch size for each precision and number of threads. */
function bestSentences(rates: readonly SessionRate[]): readonly string[] {
  const best = new Map<string, SessionRate>();
  for (const rate of rates) {
    const key = `${rate.precision}, ${rate.threads}`;
    if (rate.imagesPerSecond.median > (best.get(key)?.imagesPerSecond.median ?? 0)) best.set(key, rate);
  }
  return [...best.values()].map(
    ({ precision, threads, batchSize, imagesPerSecond, flopsPerSecond, ofGemm }) =>
      `- ${precision}, ${threadsText(threads)}: best in batches of ${batchSize}, ${figure(imagesPerSecond.median)} images/s, ${giga(flopsPerSecond)} GFLOP/s, ${percent(ofGemm)} of the GEMM rate`,
  );
}

/** The best rates for each number of threads, relative to the first precision. */
function gainSentences(rates: readonly SessionRate[]): readonly string[] {
  const best = (precision: string, threads: number) =>
    Math.max(
      ...rates
        .filter((rate) => rate.precision === precision && rate.threads === threads)
        .map(({ imagesPerSecond }) => imagesPerSecond.median),
    );
  const [first, ...others] = [...new Set(rates.map(({ precision }) => precision))];
  if (first === undefined || others.length === 0) return [];
  if (!canCompare(rates.map(({ imagesPerSecond }) => imagesPerSecond)))
    return ['- too few samples to compare precisions'];
  return others.flatMap((other) =>
    [...new Set(rates.map(({ threads }) => threads))].map((threads) => {
      const gain = best(other, threads) / best(first, threads);
      return `- ${other} is ${speedText(gain)} ${first} with ${threadsText(threads)}`;
    }),
  );
}

/** Compares a speed with another, in words to go before the other: `1.83 times as fast as`. */
const speedText = (gain: number): string =>
  gain >= 0.995 ? `${gain.toFixed(2)} times as fast as` : `${percent(1 - gain)} slower than`;

const threadsText = (threads: number): string => `${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/** The gain from resizing while decoding. */
function decodeSentences(rates: readonly DecodeRate[]): string {
  if (!canCompare(rates.map(({ imagesPerSecond }) => imagesPerSecond)))
    return '- too few samples to compare ways of decoding';
  return rates
    .filter(({ decode }) => decode !== 'exact')
    .map(({ photos, decode, decoders, imagesPerSecond }) => {
      const exact = rates.find(
        (rate) => rate.decode === 'exact' && rate.photos.name === photos.name && rate.decoders === decoders,
      );
      const gain = imagesPerSecond.median / (exact?.imagesPerSecond.median ?? Number.NaN);
      return `- ${photos.name}, ${decoders} at once: ${decode} is ${speedText(gain)} exact`;
    })
    .join('\n');
}

const CALM = 0.1;

/** Returns a warning if samples spread too far for ratios of their medians to mean much. */
function unrestFacts({ gemm, session, decode }: BenchmarkReport): readonly string[] {
  const spreads = [
    ...gemm.map(({ flopsPerSecond }) => flopsPerSecond),
    ...[...session, ...decode].map(({ imagesPerSecond }) => imagesPerSecond),
  ];
  const { median } = spreadOf(spreads.map(relativeSpread));
  if (median <= CALM) return [];
  return [
    `The machine was busy with other things: half of the measurements have quartiles more than ${percent(median)} apart. Do not rely on ratios.`,
  ];
}

/** Describes what was measured, where and how. */
export function factsOf({ machine, report, version, date, command }: BenchmarkRun): readonly string[] {
  const { name, architecture, randomWeights, height, width, flops } = report.model;
  const weights = randomWeights ? ', random weights' : '';
  return [
    `${name} (${architecture}${weights}) at ${height}×${width}, ${giga(flops)} GFLOP/image, on ${report.device}`,
    `${[machine.cpu, ...machine.features].join(' ')}, ${machine.cores} cores, ${bytesText(machine.memory)}, ${machine.system}`,
    `halonet ${version}, Node ${machine.node}, ONNX Runtime ${machine.onnxruntime}, sharp ${machine.sharp}`,
    `${date}: ${command}`,
    ...unrestFacts(report),
  ];
}
