import { execFile } from 'node:child_process';
import { execPath, getuid } from 'node:process';
import { promisify } from 'node:util';

/** Whether permissions bind this process: nothing is forbidden to root. */
const isRoot = getuid?.() === 0;

const NOBODY = 65534; // user and group of no file

/**
 * Runs statements as a user to whom files are forbidden: the one that there is, or as root another one. What they import is
 * loaded before, so that it may lie where that user may not read.
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
