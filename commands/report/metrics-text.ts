import type { RowCounts } from '../../src/rows.js';
import { STAGES } from '../../src/stream/stage-clock.js';
import type { JobProgress } from './job-progress.js';

/** What a metrics file says about a run. */
export interface RunMetrics {
  readonly info: Readonly<Record<string, string>>; // labels of halonet_run_info
  readonly startSeconds: number; // Unix time
  readonly updateSeconds: number; // Unix time
  readonly progress: JobProgress;
  readonly exitCode: number | undefined; // undefined while it runs
}

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[]; // none if the value is unknown
}

/** The first line of a metrics file, which Prometheus takes as a comment. */
export const FIRST_LINE = '# Metrics of a run of halonet.';

/**
 * Formats metrics in Prometheus' text format 0.0.4.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsText(run: RunMetrics): string {
  const metrics = metricsOf(run).filter(({ samples }) => samples.length > 0);
  return `${[FIRST_LINE, ...metrics.flatMap(linesOf)].join('\n')}\n`;
}

function metricsOf({ info, startSeconds, updateSeconds, progress, exitCode }: RunMetrics): readonly Metric[] {
  const { rows, computed, failedNow, total, imagesPerSecond, secondsLeft, bytes, boundBy, stages } = progress;
  const failed = Object.values(failedNow).reduce((sum, count) => sum + count, 0);
  return [
    gauge('halonet_run_info', 'The run, in labels; always 1.', [[info, 1]]),
    gauge('halonet_start_time_seconds', 'When the run started, as Unix time.', one(startSeconds)),
    gauge(
      'halonet_last_update_time_seconds',
      'When this file was written, as Unix time.',
      one(updateSeconds),
    ),
    counter('halonet_images_total', 'Images that this run has computed a row for, by result.', [
      [{ status: 'ok' }, computed - failed],
      [{ status: 'failed' }, failed],
    ]),
    counter(
      'halonet_images_failed_total',
      'Images of this run that failed, by failure code.',
      byCode(failedNow),
    ),
    gauge('halonet_rows', 'Rows of the output so far, those of earlier runs included.', one(rows)),
    gauge('halonet_images_expected', 'Rows of the finished output, once the inputs are counted.', one(total)),
    gauge(
      'halonet_images_per_second',
      'Images computed per second in the last minute.',
      one(imagesPerSecond),
    ),
    gauge('halonet_remaining_seconds', 'Estimated seconds until all rows are written.', one(secondsLeft)),
    gauge('halonet_output_bytes', 'Bytes of the output so far.', one(bytes)),
    gauge(
      'halonet_bound_by',
      'The stage that the run waited for in the last minute: 1 for that stage.',
      boundBy === undefined ? [] : STAGES.map((stage) => [{ stage }, stage === boundBy ? 1 : 0]),
    ),
    counter(
      'halonet_stage_seconds_total',
      'Seconds for which the run waited for each stage.',
      stages === undefined ? [] : STAGES.map((stage) => [{ stage }, stages[stage]]),
    ),
    gauge(
      'halonet_finished',
      'Whether the run has ended, however it ended.',
      one(exitCode === undefined ? 0 : 1),
    ),
    gauge('halonet_exit_code', 'Exit code of the run, once it has ended.', one(exitCode)),
  ];
}

const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({
  name,
  type: 'gauge',
  help,
  samples,
});

const counter = (name: string, help: string, samples: Metric['samples']): Metric => ({
  name,
  type: 'counter',
  help,
  samples,
});

const one = (value: number | undefined): Metric['samples'] => (value === undefined ? [] : [[{}, value]]);

const byCode = (failures: RowCounts['failures']): Metric['samples'] =>
  Object.entries(failures).map(([code, count]) => [{ code }, count]);

function linesOf({ name, type, help, samples }: Metric): readonly string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}`),
  ];
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string) =>
  value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
