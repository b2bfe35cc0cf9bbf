/**
 * Makes docs/contact-sheet.webp, the picture in README.md: the sample images with what the demo model says of them.
 *
 *     npm run build && node dist/test/drawing/make-contact-sheet.js
 *
 * Its text takes a machine with the fonts DejaVu Sans and DejaVu Sans Mono.
 */
import { writeFile } from 'node:fs/promises';
import { classifiedSamples } from './classified-samples.js';
import { contactSheet } from './contact-sheet.js';

await writeFile('docs/contact-sheet.webp', await contactSheet(await classifiedSamples()));
