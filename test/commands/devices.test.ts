import assert from 'node:assert/strict';
import { packagedGpus } from '../../src/runtime/devices.js';
import { halonet } from '../support/cli.js';
import { withMadeUpGpu } from '../support/made-up-gpu.js';

const ONE = 'fixtures/images/shapes/arrow.png';
const CLASSIFY = ['classify', ONE, '-m', 'demo', '-k', '1'];

// Hides any GPU that the machine has.
const NO_GPU = {
  VK_DRIVER_FILES: '/nowhere.json',
  VK_ICD_FILENAMES: '/nowhere.json',
  CUDA_VISIBLE_DEVICES: '-1',
};

const absent: readonly (readonly [string, RegExp])[] = [
  ['cuda', /error: --device cuda: .*(NVIDIA driver|NVIDIA GPU|provider library|CUDA 12|cuDNN).*\n {2}\S/],
  ['webgpu', /error: --device webgpu: .*(libvulkan\.so\.1|no Vulkan driver).*\n {2}Install/],
  ['dml', /error: --device dml: onnxruntime-node has it for Windows; this is linux/],
  ['coreml', /error: --device coreml: onnxruntime-node has it for macOS on Apple silicon; this is linux/],
];

const MIB = 2 ** 20;
const NO_ROOM = `error: --device webgpu: ONNX Runtime says: the made-up GPU has no room for this model
  halonet doctor tries each device with a small network.
`;

describe('--device', () => {
  for (const [device, message] of absent) {
    it(`${device} exits with code 2, names what is missing, and does not fall back`, async function () {
      if (process.platform !== 'linux') this.skip();
      const { code, stdout, stderr } = await halonet([...CLASSIFY, '--device', device], { env: NO_GPU });
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.equal(stderr.trim().split('\n').length, 2, stderr); // nothing that native libraries print
    });
  }

  it('webgpu exits with code 2 when the device opens but has no memory for the model', async function () {
    const { platform, arch, env } = process;
    if (!packagedGpus({ platform, arch, env, root: '/' }).includes('webgpu')) this.skip();
    const onGpu = (bytes: number) =>
      halonet(['classify', ONE, '-m', 'demo', '--device', 'webgpu'], { env: withMadeUpGpu(bytes) });
    const { code, stdout, stderr } = await onGpu(1.5 * MIB); // the network that tries devices takes 1.1, the model 1.9
    assert.equal(stderr, NO_ROOM);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const large = await onGpu(100 * MIB);
    assert.equal(large.code, 0, large.stderr);
    assert.match(large.stdout, /arrow/);
  });

  it('auto chooses an available device, and reports which and why in one line', async () => {
    const { code, stdout, stderr } = await halonet(CLASSIFY, { env: NO_GPU });
    assert.equal(code, 0);
    assert.match(stderr, /^device: (cpu|cuda|dml|coreml|webgpu)( \((\w+: [^;)]+(; )?)+\))?\n1 image /);
    const quiet = await halonet([...CLASSIFY, '--quiet'], { env: NO_GPU });
    assert.equal(quiet.stderr, '');
    assert.equal(quiet.stdout, stdout);
  });

  it('cpu prints nothing about devices', async () => {
    const { code, stderr } = await halonet([...CLASSIFY, '--device', 'cpu']);
    assert.equal(code, 0);
    assert.match(stderr, /^1 image [^\n]*\n$/);
  });

  it('rejects an unknown device, a negative id, and an id for the CPU', async () => {
    assert.match(
      (await halonet([...CLASSIFY, '--device', 'gpu'])).stderr,
      /: expected auto, cpu, cuda, webgpu, dml or coreml; received gpu\n/,
    );
    assert.equal((await halonet([...CLASSIFY, '--device-id=-1'])).code, 2);
    for (const precision of ['fp32', 'int8']) {
      const cpu = [...CLASSIFY, '--device', 'cpu', '--device-id', '3', '--precision', precision];
      const { code, stderr } = await halonet(cpu);
      assert.equal(code, 2);
      assert.match(stderr, /error: --device cpu: .* no --device-id; received 3\n/);
    }
  });
});
