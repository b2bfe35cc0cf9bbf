import { ModelError } from '../errors.js';
import { asFloat32, elementCount, type Tensor } from '../tensor.js';

const IGNORED = /\.num_batches_tracked$/; // a training counter of BatchNorm

/**
 * The tensors of a checkpoint, taken one by one under timm's names. What is missing, of another shape or left over is an
 * error that names it.
 */
export class Weights {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #where: string;
  readonly #taken = new Set<string>();

  constructor(tensors: ReadonlyMap<string, Tensor>, where: string) {
    this.#tensors = tensors;
    this.#where = where;
  }

  /**
   * The elements of one tensor, row-major, widened to float32 (a view where it is float32 already).
   *
   * @throws ModelError when it is missing, has another shape or is not of a floating type
   */
  take(name: string, shape: readonly number[]): Float32Array {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw this.#error(`tensor ${JSON.stringify(name)} is missing; expected shape ${show(shape)}`);
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
      throw this.#error(
        `tensor ${JSON.stringify(name)}: expected shape ${show(shape)}, found ${show(tensor.shape)}`,
      );
    }
    this.#taken.add(name);
    return this.#toFloat32(name, tensor);
  }

  /** @throws ModelError when tensors are left that the network does not have */
  assertAllTaken(): void {
    const surplus = [...this.#tensors.keys()].filter((name) => !this.#taken.has(name) && !IGNORED.test(name));
    const [first] = surplus;
    if (first === undefined) return;
    const shape = show(this.#tensors.get(first)?.shape ?? []);
    const more = surplus.length > 1 ? ` (and ${surplus.length - 1} more)` : '';
    throw this.#error(`tensor ${JSON.stringify(first)} ${shape}${more} has no place in this architecture`);
  }

  #toFloat32(name: string, tensor: Tensor): Float32Array {
    switch (tensor.dtype) {
      case 'float32':
        return asFloat32(tensor.data);
      case 'float16':
        return widen(tensor, float16Table());
      case 'bfloat16':
        return widenBfloat16(tensor);
      case 'float64':
        return narrowFloat64(tensor);
      default:
        throw this.#error(`tensor ${JSON.stringify(name)}: expected a floating type, found ${tensor.dtype}`);
    }
  }

  #error(problem: string): ModelError {
    return new ModelError(`${this.#where}: ${problem}`, {
      hint: 'The checkpoint and the architecture in its config.json do not belong together.',
    });
  }
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

function asUint16(data: Uint8Array): Uint16Array {
  const aligned = data.byteOffset % 2 === 0 ? data : new Uint8Array(data);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function widen(tensor: Tensor, table: Float32Array): Float32Array {
  const halves = asUint16(tensor.data);
  const result = new Float32Array(elementCount(tensor.shape));
  for (let i = 0; i < result.length; i++) result[i] = table[halves[i] as number] as number;
  return result;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(tensor: Tensor): Float32Array {
  const halves = asUint16(tensor.data);
  const result = new Uint32Array(halves.length);
  for (let i = 0; i < result.length; i++) result[i] = (halves[i] as number) << 16;
  return new Float32Array(result.buffer);
}

/** Rounded to the nearest float32. */
function narrowFloat64({ data }: Tensor): Float32Array {
  return Float32Array.from(new Float64Array(new Uint8Array(data).buffer));
}

let table: Float32Array | undefined;

/** Every float16 as float32, by its bits (IEEE 754 binary16). */
function float16Table(): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return table;
}
