/** The memory of this process and of the machine, bytes. */
export interface Memory {
  readonly resident: number; // of this process
  readonly available: number; // that can still be allocated
}

// The runtime's arena grows by doubling, and keeps the memory of smaller batches while larger ones run.
const SPARE = 2;

/**
 * Returns a function that predicts whether a batch fits in memory, from what earlier ones took. An operating system that
 * overcommits memory may kill the process before an allocation fails.
 *
 * @param measure returns the current memory; first called here, before any run
 */
export function memoryRoom(measure: () => Memory): (size: number, tried: number) => boolean {
  const before = measure().resident;
  return (size, tried) => {
    const { resident, available } = measure();
    const perImage = Math.max(0, resident - before) / tried;
    return SPARE * size * perImage < available;
  };
}
