/**
 * Makes docs/contact-sheet.webp, the picture in README.md: the sample images with the demo model's predictions.
 *
 *     npm run build && node dist/test/drawing/make-contact-sheet.js
 *
 * Its text needs the fonts DejaVu Sans and DejaVu Sans Mono.
 */
import { writeFile } from 'node:fs/promises';
import { classifiedSamples } from './classified-samples.js';
import { contactSheet } from './contact-sheet.js';

await writeFile('docs/contact-sheet.webp', await contactSheet(await classifiedSamples()));
