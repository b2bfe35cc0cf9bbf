import type { Measured, OnJobEvent } from './events.js';

const EVERY_MS = 1000;

/** Reports every second that a job is alive, and what it has measured: also while no row is written. */
export class Pulse {
  readonly #onEvent: OnJobEvent | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #measure: (() => Measured) | undefined;

  constructor(onEvent: OnJobEvent | undefined) {
    this.#onEvent = onEvent;
    if (onEvent === undefined) return;
    this.#timer = setInterval(() => this.beat(), EVERY_MS);
    this.#timer.unref();
  }

  /** Reports these measurements from now on. */
  follow(measure: () => Measured): void {
    this.#measure = measure;
  }

  /** Reports at once. */
  beat(): void {
    this.#onEvent?.({ kind: 'pulse', measured: this.#measure?.() });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
