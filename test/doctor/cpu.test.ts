import assert from 'node:assert/strict';
import { int8Gain, parseCpuFeatures, readCpuFeatures } from '../../src/doctor/cpu.js';

const x86 = (flags: string) =>
  `processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu ${flags} fsrm\nbugs\t\t: none\n`;

describe('CPU features', () => {
  it("come from the kernel's flags, matched as whole words", () => {
    const zen4 = x86('fma avx avx2 avx512f avx512dq avx512_bf16 avx512_vnni');
    assert.deepEqual(parseCpuFeatures(zen4), ['AVX', 'FMA', 'AVX2', 'AVX512', 'AVX512-VNNI', 'AVX512-BF16']);
    assert.deepEqual(parseCpuFeatures(x86('avx512vl avx2x')), []);
    const arm = 'processor\t: 0\nFeatures\t: fp asimd aes asimdhp asimddp i8mm\nCPU part\t: 0xd40\n';
    assert.deepEqual(parseCpuFeatures(arm), ['NEON', 'FP16', 'DOTPROD', 'I8MM']);
    assert.deepEqual(parseCpuFeatures(''), []);
  });

  it('fall back to what every CPU of the architecture has', async () => {
    const host = { env: {}, root: '/nowhere' };
    assert.deepEqual(await readCpuFeatures({ ...host, platform: 'darwin', arch: 'arm64' }), ['NEON']);
    assert.deepEqual(await readCpuFeatures({ ...host, platform: 'linux', arch: 'arm64' }), ['NEON']);
    assert.equal(await readCpuFeatures({ ...host, platform: 'win32', arch: 'x64' }), undefined);
  });

  it('predict what int8 gains', () => {
    assert.match(
      int8Gain(['AVX2', 'AVX512', 'AVX512-VNNI', 'AMX-INT8']),
      /^worth using: .* tiles .*AMX-INT8/,
    );
    assert.match(int8Gain(['NEON', 'DOTPROD', 'I8MM']), /^worth using: .* tiles .*I8MM/);
    assert.match(int8Gain(['AVX2', 'AVX-VNNI']), /^worth using: .* four at a time \(AVX-VNNI/);
    assert.match(int8Gain(['NEON', 'DOTPROD']), /^worth using: .* four at a time \(DOTPROD/);
    assert.match(int8Gain(['AVX2', 'AVX512']), /^not worth using: /);
    assert.match(int8Gain(undefined), /^not known/);
  });
});
