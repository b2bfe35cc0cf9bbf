import { type ChildProcess, fork } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { serialize } from 'node:v8';
import type { Device } from './devices.js';
import { DeviceError, deviceFailure } from './failures.js';

/** A network to try a device with, and the size of its images. */
export interface ProbeModel {
  readonly onnx: Uint8Array; // from `pixels`, uint8 [batch, height, width, 3], to one float32 output
  readonly height: number; // pixels
  readonly width: number;
}

/** The input of the probe process on standard input, in V8's serialization. */
export interface ProbeRequest extends ProbeModel {
  readonly device: Device;
  readonly threads: number; // of the CPU that the device is compared with
}

/** A device that computes the same results as the CPU. */
export interface ProbeResult {
  readonly error: number; // max |device − CPU| / max |CPU|
  readonly secondsPerImage: number;
  readonly cpuSecondsPerImage: number;
  readonly mixed: boolean; // some operators have no kernel for the device and run on the CPU
}

/** The last line that the probe process prints, as JSON. */
export type ProbeReply =
  | ({ readonly kind: 'done'; readonly error: number | null } & Omit<ProbeResult, 'error'>) // null: NaN
  | { readonly kind: 'failed'; readonly message: string };

// Drivers compile a network's programs on the first run, which takes seconds, and many seconds on a slow device.
const PATIENCE_MS = 60_000;

// TF32, which CUDA multiplies in, is accurate to 1e-3; wrong results are far outside this.
const MAX_ERROR = 1e-2;

/**
 * Opens a real session on a device and runs it, in a process of its own. A driver that crashes or hangs affects
 * nothing else, and the output of native libraries, which alone names a missing library, is captured.
 *
 * @throws DeviceError if the device cannot be used, with the missing piece
 * @throws the signal's reason when it aborts
 */
export async function probeDevice(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResult> {
  const child = fork(new URL('./probe-process.js', import.meta.url), {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  });
  const { status, printed, reply } = await finished(child, serialize(request));
  signal?.throwIfAborted();
  const { device } = request;
  if (reply === undefined || status !== 0) throw crashed(device, status, printed);
  if (reply.kind === 'failed') throw deviceFailure(device, `${printed}\n${reply.message}`);
  const { error, secondsPerImage, cpuSecondsPerImage, mixed } = reply;
  if (error === null || error > MAX_ERROR) throw wrong(device, error ?? Number.NaN);
  return { error, secondsPerImage, cpuSecondsPerImage, mixed };
}

function wrong(device: Device, error: number): DeviceError {
  return new DeviceError(device, {
    reason: 'it computes wrong results',
    message: `it computes wrong results: off by ${error.toPrecision(2)} of the CPU's`,
    hint: "Update the GPU's driver.",
  });
}

interface Finished {
  readonly status: number | NodeJS.Signals | null; // exit code, or the signal that killed it
  readonly printed: string; // on standard error
  readonly reply: ProbeReply | undefined;
}

async function finished(child: ChildProcess, input: Uint8Array): Promise<Finished> {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('a process without its pipes');
  stdin.on('error', () => {}); // it exited before reading all its input: its status shows that
  stdin.end(input);
  const ended = new Promise<Finished['status']>((resolve) => {
    child.once('error', () => resolve(null)).once('close', (code, killer) => resolve(code ?? killer));
  });
  const [status, printed, answer] = await Promise.all([ended, text(stderr), text(stdout)]);
  return { status, printed, reply: parseReply(answer) };
}

function parseReply(answer: string): ProbeReply | undefined {
  try {
    return JSON.parse(answer.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

function crashed(device: Device, status: Finished['status'], printed: string): DeviceError {
  const hung = status === 'SIGKILL';
  const said = printed.trim().split('\n').at(-1);
  return new DeviceError(device, {
    reason: hung ? 'it hung' : 'its driver crashed',
    message: hung
      ? `it did not answer within ${PATIENCE_MS / 1000} s`
      : `its driver crashed (${status ?? 'the process did not start'})${said ? `: ${said}` : ''}`,
    hint: "Update the GPU's driver, or use --device cpu.",
  });
}
