import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { choosesGpu, type Device, type GpuName, type Host, packagedGpus, platformsOf } from './devices.js';
import { type MissingPiece, PIECES } from './failures.js';
import { librariesFolder } from './package.js';

/**
 * Returns a piece that a GPU plainly lacks on this machine. Only checks for files, in a fraction of a millisecond;
 * loads nothing. undefined: only a session can tell.
 */
export function missingPiece(device: Device<GpuName>, host: Host): MissingPiece | undefined {
  const { name, id } = device;
  if (!packagedGpus(host).includes(name)) {
    return {
      reason: `not on ${host.platform} ${host.arch}`,
      message: `onnxruntime-node has it for ${platformsOf(name)}; this is ${host.platform} ${host.arch}`,
      hint: `On this platform GPUs are used through ${packagedGpus(host).join(' or ') || 'no provider: use --device cpu'}.`,
    };
  }
  if (id !== 0 && !choosesGpu(name)) {
    return {
      reason: `has no --device-id ${id}`,
      message: `it takes the GPU that the system prefers, and no --device-id; received ${id}`,
    };
  }
  if (host.platform !== 'linux') return undefined; // Direct3D 12, DirectML, Metal and Core ML are part of the system
  return name === 'cuda' ? missingOfCuda(host) : missingOfVulkan(host);
}

/**
 * Whether there is a GPU at all, according to the kernel's devices. Vulkan drivers can also compute on the CPU, but
 * more slowly than ONNX Runtime.
 */
export function hasGpu({ platform, root }: Host): boolean {
  if (platform !== 'linux') return true; // files do not show it
  const dev = join(root, 'dev');
  // In order: NVIDIA's driver, the Windows Subsystem for Linux, all drivers in the kernel tree.
  if (['nvidiactl', 'dxg'].some((name) => existsSync(join(dev, name)))) return true;
  return list(join(dev, 'dri')).some((name) => name.startsWith('renderD'));
}

function missingOfCuda(host: Host): MissingPiece | undefined {
  const nodes = ['nvidiactl', 'dxg'].map((name) => join(host.root, 'dev', name));
  if (!nodes.some(existsSync)) return PIECES.nvidiaDriver();
  const libraries = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];
  const installed = libraries.every((name) => existsSync(join(librariesFolder(host), name)));
  return installed ? undefined : PIECES.cudaProvider();
}

function missingOfVulkan(host: Host): MissingPiece | undefined {
  if (!hasLibrary('libvulkan.so.1', host)) return PIECES.vulkanLoader();
  return hasVulkanDriver(host) ? undefined : PIECES.vulkanDriver();
}

// https://man7.org/linux/man-pages/man8/ld.so.8.html
const LIBRARY_FOLDERS = ['lib', 'usr/lib', 'lib64', 'usr/lib64', 'usr/local/lib', 'lib/x86_64-linux-gnu'];

/** Whether the dynamic linker would find a library. */
function hasLibrary(name: string, { env, root }: Host): boolean {
  const folders = [...paths(env.LD_LIBRARY_PATH), ...LIBRARY_FOLDERS.map((folder) => join(root, folder))];
  if (folders.some((folder) => existsSync(join(folder, name)))) return true;
  try {
    return readFileSync(join(root, 'etc/ld.so.cache')).includes(`${name}\0`);
  } catch {
    return false; // the file is optional
  }
}

// https://github.com/KhronosGroup/Vulkan-Loader/blob/main/docs/LoaderDriverInterface.md#driver-discovery
const MANIFEST_FOLDERS = ['etc', 'usr/local/etc', 'usr/share', 'usr/local/share'];

/** Whether the Vulkan loader would find a driver manifest. */
function hasVulkanDriver({ env, root }: Host): boolean {
  const named = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  if (named !== undefined && named !== '') return paths(named).some(existsSync);
  const home = env.HOME ?? '';
  const folders = [
    ...MANIFEST_FOLDERS.map((folder) => join(root, folder)),
    ...[env.XDG_CONFIG_HOME ?? join(home, '.config'), env.XDG_DATA_HOME ?? join(home, '.local/share')],
    ...[...paths(env.XDG_CONFIG_DIRS), ...paths(env.XDG_DATA_DIRS)],
  ];
  if (paths(env.VK_ADD_DRIVER_FILES).some(existsSync)) return true;
  return folders.some((folder) => list(join(folder, 'vulkan/icd.d')).some((name) => name.endsWith('.json')));
}

const paths = (list = ''): readonly string[] => list.split(delimiter).filter((path) => path !== '');

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
