const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
};

// Node writes `EACCES: permission denied, open '/a/b'`.
const SYSTEM_CALL = /^E[A-Z0-9]+: (.*), \w+(?: '.*')?$/s;

/** Returns why a file operation failed, in words alone: `permission denied`, without code, system call and path. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message.replace(SYSTEM_CALL, '$1');
}
