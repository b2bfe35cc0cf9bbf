import { HalonetError } from '../errors.js';

/** A run without enough memory for its batch; a smaller batch may fit. */
export class OutOfMemoryError extends HalonetError {
  override readonly name = 'OutOfMemoryError';
  readonly pixels: Uint8Array; // of the batch, returned for another attempt

  constructor(message: string, pixels: Uint8Array) {
    super(message);
    this.pixels = pixels;
  }
}

// Messages for lack of memory; ONNX Runtime has no error code for it.
const SAYINGS = [
  'Failed to allocate memory', // ONNX Runtime's arena, on any device
  'Available memory of \\d+ is smaller', // the same, with a configured limit
  'bad.alloc', // C++: std::bad_alloc, or bad allocation on Windows
  'Array buffer allocation failed', // V8
  'out.of.(host.|device.)?memory', // CUDA's cudaErrorMemoryAllocation, Vulkan's VK_ERROR_OUT_OF_DEVICE_MEMORY
  'STATUS_ALLOC_FAILED', // cuBLAS and cuDNN
  '8007000E', // DirectML: E_OUTOFMEMORY
  'exceeds the max buffer size limit', // WebGPU (Dawn): one tensor exceeds the device's limit for a buffer
  'larger than the maximum storage buffer binding size', // the same
];
const PATTERN = new RegExp(SAYINGS.join('|'), 'i');

/** Whether the message of a failed run reports lack of memory. */
export function isOutOfMemory(message: string): boolean {
  return PATTERN.test(message);
}
