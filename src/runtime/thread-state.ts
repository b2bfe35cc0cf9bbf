// Two flags in memory shared by the inference thread and its owner.
const CLOSING = 0;
const COMPUTING = 1;

/**
 * The state that an inference thread and its owner share when neither can receive messages: ONNX Runtime blocks the
 * thread, and the owner may be about to exit. Terminating a thread inside ONNX Runtime crashes the process with
 * SIGABRT.
 */
export class ThreadState {
  /** The shared memory, to send to the thread. */
  readonly flags: Int32Array<SharedArrayBuffer>;

  /** @param flags those of the other side; by default, new ones for a thread about to start and load its model */
  constructor(flags = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))) {
    this.flags = flags;
  }

  /** Refuses further batches. */
  close(): void {
    Atomics.store(this.flags, CLOSING, 1);
  }

  /**
   * Runs work in ONNX Runtime, unless the thread is closing.
   *
   * @returns undefined if it is closing
   */
  async compute<T>(work: () => Promise<T>): Promise<T | undefined> {
    Atomics.store(this.flags, COMPUTING, 1); // set before reading CLOSING, so that the closing side sees it
    try {
      return Atomics.load(this.flags, CLOSING) === 0 ? await work() : undefined;
    } finally {
      Atomics.store(this.flags, COMPUTING, 0);
      Atomics.notify(this.flags, COMPUTING);
    }
  }

  /** Blocks until the thread is outside ONNX Runtime, or for the given milliseconds. */
  waitUntilIdle(milliseconds: number): void {
    Atomics.wait(this.flags, COMPUTING, 1, milliseconds);
  }
}
