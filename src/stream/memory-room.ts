/** The memory of this process and of the machine, bytes. */
export interface Memory {
  readonly resident: number; // of this process
  readonly available: number; // that can still be had
}

// The runtime's arena grows by doubling, and holds what smaller batches took while larger ones come.
const SPARE = 2;

/**
 * Says whether a batch would fit, from what those before it took. An operating system that promises more memory than it
 * has ends a process that believes it, so that a run that is too large may never get to fail.
 *
 * @param measure the memory as it is now; called first here, before any run
 */
export function memoryRoom(measure: () => Memory): (size: number, tried: number) => boolean {
  const before = measure().resident;
  return (size, tried) => {
    const { resident, available } = measure();
    const perImage = Math.max(0, resident - before) / tried;
    return SPARE * size * perImage < available;
  };
}
