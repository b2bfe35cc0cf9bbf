import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImageRefusal } from '../../refusal.js';

/** A package that decodes a format, and comes with halonet only if somebody installs it. */
export interface OptionalPackage {
  readonly format: string; // for people
  readonly name: string; // in the registry
  readonly entry: string; // what is imported of it
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

/** What to do where a package is not installed; undefined where it is. */
export function missing({ format, name, entry }: OptionalPackage): string | undefined {
  try {
    resolve(entry);
    return undefined;
  } catch {
    return `${format} needs the optional package ${name}; ${installation(name)} installs it`;
  }
}

/** @throws ImageRefusal unsupported_format, where a package is not installed */
export function refuseMissing(optional: OptionalPackage): void {
  const hint = missing(optional);
  if (hint !== undefined) throw new ImageRefusal('unsupported_format', hint);
}

/** Imports a package that is installed. */
export async function importOptional({ entry }: OptionalPackage): Promise<unknown> {
  const { default: exported } = await import(pathToFileURL(resolve(entry)).href);
  return exported;
}

/**
 * The command after which Node finds a package here. A clone that `npm install --global .` links to is where Node looks, and
 * not the folder of global packages, in which there is only the link.
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
