const notes = new Set<string>();
const reported = new Set<string>();

/** Remember, in words, something this process does that is not observed; packages say so in `capture.notCaptured`. */
export function noteNotCaptured(what: string): void {
  notes.add(what);
}

export function notCapturedNotes(): readonly string[] {
  return [...notes];
}

/** Tell the operator about a part that could not be instrumented: one line on standard error, once per text. */
export function reportOnce(text: string): void {
  if (reported.has(text)) return;
  reported.add(text);
  try {
    process.stderr.write(`deja: ${text}\n`);
  } catch {
    // A closed standard error must not become the application's problem.
  }
}
