/**
 * Computes rows per second of a job once it is running: from the end of a batch, after a quarter of the rows and
 * before half of them, to the last row. That leaves out one-time work and the batch sizes that the job tries.
 *
 * The rows of a batch arrive together, so rows and time match only between ends of batches. A batch ends before the
 * longest gap between rows.
 *
 * @param times of the rows, in seconds, ascending
 * @throws RangeError for fewer than four rows
 */
export function steadyRate(times: readonly number[]): number {
  const last = times.length - 1;
  if (last < 3) throw new RangeError(`${times.length} rows: expected at least 4`);
  const [from, to] = [Math.floor(last / 4), Math.floor(last / 2)];
  const gap = (i: number) => (times[i + 1] ?? 0) - (times[i] ?? 0);
  let start = from;
  for (let i = from; i <= to; i++) if (gap(i) > gap(start)) start = i;
  return (last - start) / ((times[last] ?? 0) - (times[start] ?? 0));
}
