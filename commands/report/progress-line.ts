import { counted, grouped } from '../../src/counted.js';
import type { JobProgress } from './job-progress.js';

/** Returns count, rate, time left and failures, as far as known: `1,920 of 5,000 images, 77.0/s, 40s left, 3 failed`. */
export function progressLine({ rows, total, imagesPerSecond, secondsLeft, failed }: JobProgress): string {
  const count =
    total === undefined ? counted(rows, 'image') : `${grouped(rows)} of ${counted(total, 'image')}`;
  const parts = [count, `${imagesPerSecond.toFixed(1)}/s`];
  if (secondsLeft !== undefined) parts.push(`${duration(secondsLeft)} left`);
  if (failed > 0) parts.push(`${grouped(failed)} failed`);
  return parts.join(', ');
}

/** Returns a line for a log: `1m10s: 1,920 of 5,000 images, 77.0/s, 40s left, 3 failed; bound by inference`. */
export function logLine(progress: JobProgress): string {
  const { secondsElapsed, boundBy } = progress;
  const bound = boundBy === undefined ? '' : `; bound by ${boundBy}`;
  return `${duration(secondsElapsed)}: ${progressLine(progress)}${bound}`;
}

/** Formats seconds as 1h02m, 3m04s or 5s. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return whole >= 60 ? `${Math.floor(whole / 60)}m${two(whole % 60)}s` : `${whole}s`;
}
