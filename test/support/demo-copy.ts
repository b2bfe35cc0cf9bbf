import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEMO_MODEL } from './demo.js';

/** Returns whether a file holds the int8 calibration of a model. */
export const isCalibration = (name: string) => name.includes('.int8-');

/** Copies the demo model to a folder that a test may change. */
export async function copyDemo(folder: string, { measured }: { readonly measured: boolean }): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(DEMO_MODEL)) {
    if (measured || !isCalibration(name)) await copyFile(join(DEMO_MODEL, name), join(folder, name));
  }
}
