/** The stages that a run can wait for. */
export const STAGES = ['inference', 'decoding', 'fetching', 'listing', 'writing'] as const;

/**
 * - `inference`: the session runs a batch;
 * - `decoding`: images are read and decoded;
 * - `fetching`: images are requested from servers;
 * - `listing`: inputs are searched, or their list is read;
 * - `writing`: the sink takes rows.
 */
export type Stage = (typeof STAGES)[number];

/** For how many seconds a run waited for each stage. Their sum is its duration from its first batch on. */
export type StageSeconds = Readonly<Record<Stage, number>>;

/** What a run is doing; several at once. `reading`: it waits for the next input. */
export type Activity = 'inference' | 'writing' | 'fetching' | 'reading';

/**
 * Measures which stage a run waits for. At each moment that is the session if it has a batch; otherwise the sink if it is taking
 * rows; otherwise the source if the run waits for the next input; otherwise the decoders. Until the first batch, every later stage waits
 * for the earlier ones, which says nothing.
 */
export class StageClock {
  readonly #now: () => number;
  readonly #active: Record<Activity, number> = { inference: 0, writing: 0, fetching: 0, reading: 0 };
  readonly #milliseconds: Record<Stage, number> = NONE();
  #since: number;
  #isFilled = false; // a batch has run or runs
  #stopped = false;

  /** @param now the time in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  begin(activity: Activity): void {
    this.#advance();
    this.#active[activity]++;
    this.#isFilled ||= activity === 'inference';
  }

  end(activity: Activity): void {
    this.#advance();
    this.#active[activity]--;
  }

  /** Runs an action as an activity. */
  async during<T>(activity: Activity, action: () => Promise<T>): Promise<T> {
    this.begin(activity);
    try {
      return await action();
    } finally {
      this.end(activity);
    }
  }

  /** Ends the measurement. */
  stop(): void {
    this.#advance();
    this.#stopped = true;
  }

  /** For how long each stage has been waited for, up to now or to the end. */
  get seconds(): StageSeconds {
    this.#advance();
    const { inference, decoding, fetching, listing, writing } = this.#milliseconds;
    return {
      inference: inference / 1000,
      decoding: decoding / 1000,
      fetching: fetching / 1000,
      listing: listing / 1000,
      writing: writing / 1000,
    };
  }

  #advance(): void {
    if (this.#stopped) return;
    const now = this.#now();
    if (this.#isFilled) this.#milliseconds[this.#stage] += now - this.#since;
    this.#since = now;
  }

  get #stage(): Stage {
    const { inference, writing, fetching, reading } = this.#active;
    if (inference > 0) return 'inference';
    if (writing > 0) return 'writing';
    if (reading > 0) return fetching > 0 ? 'fetching' : 'listing';
    return 'decoding';
  }
}

const NONE = (): Record<Stage, number> => ({
  inference: 0,
  decoding: 0,
  fetching: 0,
  listing: 0,
  writing: 0,
});

// Of the time. A session that idles for longer than the rest would be faster if another stage were.
const BUSY = 0.9;

/** Returns the stage that bounds a run: inference if the session is nearly always busy, otherwise the one it waits for most. */
export function boundStage(seconds: StageSeconds): Stage | undefined {
  const total = STAGES.reduce((sum, stage) => sum + seconds[stage], 0);
  if (total <= 0) return undefined;
  if (seconds.inference >= BUSY * total) return 'inference';
  const others = STAGES.filter((stage) => stage !== 'inference');
  return others.reduce((most, stage) => (seconds[stage] > seconds[most] ? stage : most));
}
