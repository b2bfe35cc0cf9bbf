import { execFile } from 'node:child_process';
import { execPath, getuid } from 'node:process';
import { promisify } from 'node:util';

/** Permissions do not restrict root. */
const isRoot = getuid?.() === 0;

const NOBODY = 65534; // a user and group that own no files

/**
 * Runs statements as a user whom permissions restrict: the current one or, if that is root, another. Imports are loaded
 * first, so they may be in places where that user may not read.
 *
 * @param imports such as `import { stat } from 'node:fs/promises'`
 * @returns what they print
 */
export async function asNobody(imports: string, statements: string): Promise<string> {
  const become = isRoot ? `process.setgroups([]); process.setgid(${NOBODY}); process.setuid(${NOBODY});` : '';
  const script = `${imports}\n${become}\n${statements}`;
  const { stdout } = await promisify(execFile)(execPath, ['--input-type=module', '-e', script]);
  return stdout;
}
