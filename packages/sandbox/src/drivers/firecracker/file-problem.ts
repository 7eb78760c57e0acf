/**
 * Whether the file system refused something: no space, no permission, a read-only disk.
 * @param path Only what is about this path, or about what lies below it.
 */
export function isFileProblem(error: unknown, path = ''): error is NodeJS.ErrnoException {
  const { syscall, path: about } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || syscall === undefined) return false;
  // What goes wrong while an open file is written says no path.
  return about === undefined ? syscall === 'write' : about.startsWith(path);
}
