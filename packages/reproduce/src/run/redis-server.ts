import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The program of an installed Redis or Valkey; undefined where there is none. @param searchPath folders as in PATH */
export function locateRedisServer(searchPath: string): string | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of searchPath.split(delimiter)) {
      const file = join(folder, name);
      // The program goes by the name by which it is called: what a link leads to may be another one.
      if (folder !== '' && isProgram(file)) return file;
    }
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
