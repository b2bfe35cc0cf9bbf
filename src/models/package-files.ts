import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// Files that ship with the package, found from dist/src/models/.
const file = (path: string) => fileURLToPath(new URL(`../../../assets/${path}`, import.meta.url));

/** The small demo model that ships with halonet: a folder laid out like timm's hub repositories. */
export const DEMO_MODEL_FOLDER = file('demo-model');

/** Returns whether a file belongs to the demo model in the package, which no run changes. */
export const isPackaged = (path: string): boolean => path.startsWith(DEMO_MODEL_FOLDER + sep);

/** ImageNet-1k's classes: TSV with the columns index, synset and name (synonyms separated by commas). */
export const IMAGENET_1K_FILE = file('labels/imagenet1k.tsv');
