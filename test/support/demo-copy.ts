import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEMO_MODEL } from './demo.js';

/** Whether a file keeps what was measured of a model for int8. */
export const isCalibration = (name: string) => name.includes('.int8-');

/** A copy of the demo model that a test may change the folder of. */
export async function copyDemo(folder: string, { measured }: { readonly measured: boolean }): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(DEMO_MODEL)) {
    if (measured || !isCalibration(name)) await copyFile(join(DEMO_MODEL, name), join(folder, name));
  }
}
