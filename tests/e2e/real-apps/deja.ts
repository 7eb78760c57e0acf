import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The command line as a user has it. */
export const DEJA = join(import.meta.dirname, '..', '..', '..', 'packages', 'cli', 'bin', 'deja.js');

export interface RunDocument {
  readonly verdict: string;
  readonly failure: string | null;
  readonly divergence: { readonly where: string; readonly summary: string } | null;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What of `deja reproduce --json` these tests look at. */
export interface ReproductionDocument {
  readonly verdict: string;
  readonly sandbox: string;
  readonly runs: readonly RunDocument[];
  readonly control: { readonly verdict: string } | null;
  readonly differences: readonly string[];
  readonly limits: readonly string[];
}

export interface Reproduced {
  readonly code: number | null;
  readonly document: ReproductionDocument;
  readonly stderr: string;
}

/** `deja reproduce … --json` in a folder. */
export async function reproduce(cwd: string, args: readonly string[]): Promise<Reproduced> {
  const child = spawn(process.execPath, [DEJA, 'reproduce', ...args, '--json'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const document = parsed(stdout);
  if (document === undefined) throw new Error(`deja reproduce ended with ${code} and gave no verdict:\n${stdout}\n${stderr}`);
  return { code, document, stderr };
}

function parsed(stdout: string): ReproductionDocument | undefined {
  try {
    const document = JSON.parse(stdout) as Partial<ReproductionDocument>;
    return document.runs === undefined ? undefined : (document as ReproductionDocument);
  } catch {
    return undefined;
  }
}

/** One line for each run: the verdict, and what was different. */
export function verdictsOf({ runs }: ReproductionDocument): readonly string[] {
  return runs.map(({ verdict, divergence }) => (divergence === null ? verdict : `${verdict}: ${divergence.summary}`));
}

/** The packages in a folder, oldest first. */
export function packagesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.deja')).toSorted().map((name) => join(folder, name));
}
