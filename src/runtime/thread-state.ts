// Two flags in memory that the inference thread and its owner share.
const CLOSING = 0;
const COMPUTING = 1;

/**
 * What an inference thread and its owner know of each other while neither can receive messages: ONNX Runtime blocks the one, and
 * the other may be about to end the process. A thread that is ended inside ONNX Runtime takes the process with it, by SIGABRT.
 */
export class ThreadState {
  /** Shared memory, to be sent to the thread. */
  readonly flags: Int32Array<SharedArrayBuffer>;

  /** @param flags those of the other side; when not given, those of a thread that is about to start, and loads its model */
  constructor(flags = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))) {
    this.flags = flags;
  }

  /** No more batches are wanted. */
  close(): void {
    Atomics.store(this.flags, CLOSING, 1);
  }

  /**
   * The thread does some work in ONNX Runtime, unless no more is wanted.
   *
   * @returns undefined where none is
   */
  async compute<T>(work: () => Promise<T>): Promise<T | undefined> {
    Atomics.store(this.flags, COMPUTING, 1); // before it looks, so that whoever closes it sees it
    try {
      return Atomics.load(this.flags, CLOSING) === 0 ? await work() : undefined;
    } finally {
      Atomics.store(this.flags, COMPUTING, 0);
      Atomics.notify(this.flags, COMPUTING);
    }
  }

  /** Blocks until the thread is out of ONNX Runtime, or for so many milliseconds. */
  waitUntilIdle(milliseconds: number): void {
    Atomics.wait(this.flags, COMPUTING, 1, milliseconds);
  }
}
