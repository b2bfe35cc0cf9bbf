import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImageRefusal } from '../../refusal.js';

/** A package that decodes a format, and that users install separately. */
export interface OptionalPackage {
  readonly format: string; // for messages
  readonly name: string; // in the registry
  readonly entry: string; // the module to import
}

export const HEIC_DECODE: OptionalPackage = {
  format: 'HEIC',
  name: 'heic-decode',
  entry: 'heic-decode',
};

export const OPENJPEG: OptionalPackage = {
  format: 'JPEG 2000',
  name: '@cornerstonejs/codec-openjpeg',
  entry: '@cornerstonejs/codec-openjpeg/decodewasmjs',
};

export const OPTIONAL_PACKAGES: readonly OptionalPackage[] = [OPENJPEG, HEIC_DECODE];

const { resolve } = createRequire(import.meta.url);

/** Says how to install a package; undefined if it is installed. */
export function missing({ format, name, entry }: OptionalPackage): string | undefined {
  try {
    resolve(entry);
    return undefined;
  } catch {
    return `${format} needs the optional package ${name}; ${installation(name)} installs it`;
  }
}

/** @throws ImageRefusal unsupported_format if a package is not installed */
export function refuseMissing(optional: OptionalPackage): void {
  const hint = missing(optional);
  if (hint !== undefined) throw new ImageRefusal('unsupported_format', hint);
}

/** Imports an installed package. */
export async function importOptional({ entry }: OptionalPackage): Promise<unknown> {
  const { default: exported } = await import(pathToFileURL(resolve(entry)).href);
  return exported;
}

/**
 * Returns the command that installs a package where Node finds it. For a clone linked by `npm install --global .`, Node looks in
 * the clone: the folder of global packages holds only the link.
 */
function installation(name: string): string {
  const halonet = packageFolder(fileURLToPath(import.meta.url));
  const packages = dirname(halonet);
  if (basename(packages) !== 'node_modules') return `npm install --no-save ${name} in the folder of halonet`;
  const isProject = existsSync(join(dirname(packages), 'package.json'));
  return isProject ? `npm install ${name}` : `npm install --global ${name}`;
}

function packageFolder(path: string): string {
  const folder = dirname(path);
  return folder === path || existsSync(join(folder, 'package.json')) ? folder : packageFolder(folder);
}
