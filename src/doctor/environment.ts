type Environment = Readonly<Record<string, string | undefined>>;

// Variables that halonet, ONNX Runtime, sharp, Node and the drivers below them read.
const READ = [
  ...['HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'XDG_CACHE_HOME', 'HF_ENDPOINT', 'HF_HUB_OFFLINE'],
  ...['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_DISABLE_IMPLICIT_TOKEN'],
  ...['HF_HUB_DISABLE_SYMLINKS', 'UV_THREADPOOL_SIZE', 'ORT_DISABLE_TELEMETRY', 'NODE_OPTIONS'],
  ...['MALLOC_ARENA_MAX', 'LD_LIBRARY_PATH', 'LD_PRELOAD', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_TF32_OVERRIDE'],
  ...['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES', 'VK_LOADER_DRIVERS_SELECT'],
  ...['NODE_EXTRA_CA_CERTS', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'],
];

const SECRET = /TOKEN$|_PROXY$/; // proxy URLs may contain a password

/** Returns those of the variables that are set, with secrets masked. */
export function environmentInEffect(env: Environment): Readonly<Record<string, string>> {
  const set = READ.flatMap((name) => {
    const value = env[name];
    if (value === undefined || value === '') return [];
    return [[name, SECRET.test(name) ? '(set)' : value] as const];
  });
  return Object.fromEntries(set);
}
