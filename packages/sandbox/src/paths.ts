import { sep } from 'node:path';

/** The path with its beginning `from` replaced by `to`; as it is where it does not begin so. */
export function replacePrefix(path: string, from: string, to: string): string {
  return isWithin(path, from) ? to + path.slice(from.length) : path;
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
