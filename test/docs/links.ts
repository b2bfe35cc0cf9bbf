import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';
import { type Page, proseOf } from './pages.js';

/** A link from a page to a file, or to a heading in one. */
export interface Link {
  readonly page: string;
  readonly target: string; // as written
}

export function linksOf(page: Page): readonly Link[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => ({ page: page.name, target }));
}

/** Why a link is broken; undefined if it is not. */
export function brokenBy({ page, target }: Link): string | undefined {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? join(ROOT, page) : join(ROOT, page, '..', file);
  if (!existsSync(path)) return `there is no ${file}`;
  if (anchor === undefined) return undefined;
  return anchorsOf(readFileSync(path, 'utf8')).has(anchor) ? undefined : `there is no heading ${anchor}`;
}

/** The anchors of a page's headings, as GitHub generates them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf({ name: '', text }).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}
