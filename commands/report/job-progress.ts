import type { JobEvent } from '../../src/job/events.js';
import { countFailure, type RowCounts } from '../../src/rows.js';
import { boundStage, STAGES, type Stage, type StageSeconds } from '../../src/stream/stage-clock.js';

/** How far a job is. */
export interface JobProgress {
  readonly rows: number; // of the output so far, those of earlier runs included
  readonly computed: number; // of these, computed by this job
  readonly failed: number; // rows without a result, those of earlier runs included
  readonly failures: RowCounts['failures']; // the same by code
  readonly failedNow: RowCounts['failures']; // of the computed ones
  readonly total: number | undefined; // rows of the finished output; undefined until known
  readonly imagesPerSecond: number; // computed in the last minute
  readonly meanImagesPerSecond: number; // since the first image
  readonly secondsElapsed: number; // since the first image
  readonly secondsLeft: number | undefined; // undefined if unknown
  readonly bytes: number | undefined; // of the output so far; undefined for a stream
  readonly boundBy: Stage | undefined; // what the run waited for in the last minute
  readonly stages: StageSeconds | undefined; // what it has waited for so far
}

const WINDOW_MS = 60_000;

/** The state of a job at some moment. */
interface Sample {
  readonly at: number; // milliseconds
  readonly rows: number;
  readonly computed: number;
  readonly stages: StageSeconds;
}

const NOTHING: StageSeconds = { inference: 0, decoding: 0, fetching: 0, listing: 0, writing: 0 };

/** Follows the events of a job. Rates are those of the last minute, so that they show when a run becomes slower. */
export class ProgressTally {
  readonly #now: () => number;
  #start: number | undefined; // milliseconds
  #rows = 0;
  #computed = 0;
  #failures: Partial<Record<keyof RowCounts['failures'], number>> = {};
  readonly #failedNow: Partial<Record<keyof RowCounts['failures'], number>> = {};
  #total: number | undefined;
  #bytes: number | undefined;
  #samples: Sample[] = []; // of the last minute, and one before it
  #stages: StageSeconds | undefined;

  /** @param now the time in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  report(event: JobEvent): void {
    if (event.kind === 'started') this.#begin(event.counts);
    if (event.kind === 'counted') this.#total = event.total;
    if (event.kind === 'row') this.#row(event);
    if (event.kind === 'pulse') this.#pulse(event);
  }

  get progress(): JobProgress {
    const seconds = this.#start === undefined ? 0 : (this.#now() - this.#start) / 1000;
    const [before] = this.#samples;
    const recent = before === undefined ? 0 : (this.#now() - before.at) / 1000;
    const rate = perSecond(this.#rows - (before?.rows ?? 0), recent);
    return {
      rows: this.#rows,
      computed: this.#computed,
      failed: Object.values(this.#failures).reduce((sum, count) => sum + count, 0),
      failures: { ...this.#failures },
      failedNow: { ...this.#failedNow },
      total: this.#total,
      imagesPerSecond: perSecond(this.#computed - (before?.computed ?? 0), recent),
      meanImagesPerSecond: perSecond(this.#computed, seconds),
      secondsElapsed: seconds,
      secondsLeft:
        this.#total === undefined || rate === 0 ? undefined : Math.max(0, this.#total - this.#rows) / rate,
      bytes: this.#bytes,
      boundBy: this.#stages && boundStage(differenceOf(this.#stages, before?.stages ?? NOTHING)),
      stages: this.#stages,
    };
  }

  #begin({ rows, failures }: RowCounts): void {
    this.#start = this.#now();
    this.#rows = rows;
    this.#failures = { ...failures };
    this.#samples = [{ at: this.#start, rows, computed: 0, stages: NOTHING }];
  }

  #row({ failure, stored }: Extract<JobEvent, { kind: 'row' }>): void {
    this.#rows++;
    countFailure(this.#failures, failure);
    if (stored) return;
    this.#computed++;
    countFailure(this.#failedNow, failure);
  }

  #pulse({ measured }: Extract<JobEvent, { kind: 'pulse' }>): void {
    if (measured === undefined) return;
    const at = this.#now();
    this.#stages = measured.stages;
    this.#bytes = measured.bytes;
    this.#samples.push({ at, rows: this.#rows, computed: this.#computed, stages: measured.stages });
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW_MS) this.#samples.shift();
  }
}

const perSecond = (count: number, seconds: number) => count / Math.max(seconds, 1e-3);

function differenceOf(later: StageSeconds, earlier: StageSeconds): StageSeconds {
  const entries = STAGES.map((stage) => [stage, later[stage] - earlier[stage]] as const);
  return { ...NOTHING, ...Object.fromEntries(entries) };
}
