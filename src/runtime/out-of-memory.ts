import { HalonetError } from '../errors.js';

/** A run that found no memory for its batch: a smaller one may. */
export class OutOfMemoryError extends HalonetError {
  override readonly name = 'OutOfMemoryError';
  readonly pixels: Uint8Array; // of the batch, back for another try

  constructor(message: string, pixels: Uint8Array) {
    super(message);
    this.pixels = pixels;
  }
}

// What is said where memory ran out; ONNX Runtime has no error code for it.
const SAYINGS = [
  'Failed to allocate memory', // ONNX Runtime's arena, on any device
  'Available memory of \\d+ is smaller', // the same, at a limit that it was given
  'bad.alloc', // C++: std::bad_alloc, or bad allocation on Windows
  'Array buffer allocation failed', // V8
  'out.of.(host.|device.)?memory', // CUDA's cudaErrorMemoryAllocation, Vulkan's VK_ERROR_OUT_OF_DEVICE_MEMORY
  'STATUS_ALLOC_FAILED', // cuBLAS and cuDNN
  '8007000E', // DirectML: E_OUTOFMEMORY
  'exceeds the max buffer size limit', // WebGPU (Dawn): one tensor is more than the device takes in one buffer
  'larger than the maximum storage buffer binding size', // the same
];
const PATTERN = new RegExp(SAYINGS.join('|'), 'i');

/** Whether the message of a failed run says that there was no memory for it. */
export function isOutOfMemory(message: string): boolean {
  return PATTERN.test(message);
}
