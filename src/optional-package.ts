import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ImageRefusal } from './refusal.js';

/** A package that users install separately, if they need what it does. */
export interface OptionalPackage {
  readonly purpose: string; // for messages: HEIC, S3
  readonly name: string; // in the registry
  readonly entry: string; // the module to import
}

const { resolve } = createRequire(import.meta.url);

/** Says how to install a package; undefined if it is installed. */
export function missing({ purpose, name, entry }: OptionalPackage): string | undefined {
  try {
    resolve(entry);
    return undefined;
  } catch {
    return `${purpose} needs the optional package ${name}; ${installation(name)} installs it`;
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
