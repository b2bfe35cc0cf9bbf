import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../runtime/devices.js';

// The names in /proc/cpuinfo of the instructions that ONNX Runtime has kernels for.
// https://github.com/torvalds/linux/blob/master/arch/x86/include/asm/cpufeatures.h, arch/arm64/kernel/cpuinfo.c
const FEATURES: Readonly<Record<string, string>> = {
  avx: 'AVX',
  fma: 'FMA',
  avx2: 'AVX2',
  avx_vnni: 'AVX-VNNI',
  avx512f: 'AVX512',
  avx512_vnni: 'AVX512-VNNI',
  avx512_bf16: 'AVX512-BF16',
  amx_int8: 'AMX-INT8',
  amx_bf16: 'AMX-BF16',
  asimd: 'NEON',
  asimdhp: 'FP16',
  asimddp: 'DOTPROD',
  i8mm: 'I8MM',
  bf16: 'BF16',
  sve: 'SVE',
};

/** Finds the vector instructions that matter to inference in the text of Linux's /proc/cpuinfo. */
export function parseCpuFeatures(cpuinfo: string): readonly string[] {
  const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo) ?? [];
  const present = new Set(flags.trim().split(/\s+/));
  return Object.entries(FEATURES).flatMap(([flag, name]) => (present.has(flag) ? [name] : []));
}

/** Returns the CPU's vector instructions; undefined if the system does not report them. */
export async function readCpuFeatures({
  platform,
  arch,
  root,
}: Host): Promise<readonly string[] | undefined> {
  if (platform === 'linux') {
    const cpuinfo = await readFile(join(root, 'proc/cpuinfo'), 'utf8').catch(() => '');
    const features = parseCpuFeatures(cpuinfo);
    if (features.length > 0) return features;
  }
  return arch === 'arm64' ? ['NEON'] : undefined; // every arm64 CPU has it
}

/** Says whether int8 is worth using on such a CPU, and why. */
export function int8Gain(features: readonly string[] | undefined): string {
  if (features === undefined) return 'not known: this system does not report what its CPU can do';
  const has = (...names: readonly string[]) => names.find((name) => features.includes(name));
  const tiles = has('AMX-INT8', 'I8MM');
  if (tiles !== undefined) return `worth using: the CPU multiplies tiles of 8-bit numbers (${tiles})`;
  const dots = has('AVX512-VNNI', 'AVX-VNNI', 'DOTPROD');
  if (dots !== undefined) return `worth using: the CPU multiplies 8-bit numbers four at a time (${dots})`;
  return 'not worth using: the CPU has no 8-bit dot product instruction';
}
