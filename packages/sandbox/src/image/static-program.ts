const HEADER_BYTES = 64;
const ELF = '\u007fELF';
const BITS_64 = 2;
const X86_64 = 62;
const INTERPRETER = 3;

/** Why a file is no program that runs by itself on an x86-64 kernel, without an interpreter or libraries; null: it is one. Nothing of it is run. */
export function staticProgramProblem(file: Buffer): string | null {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, 4) !== ELF) return 'is no program (no ELF file)';
  if (file[4] !== BITS_64 || file.readUInt16LE(18) !== X86_64) return 'is a program for another kind of machine than x86-64';
  const [table, size, count] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(54), file.readUInt16LE(56)];
  if (size < 4 || table + size * count > file.length) return 'is cut off';
  const kinds = Array.from({ length: count }, (_, index) => file.readUInt32LE(table + index * size));
  return kinds.includes(INTERPRETER) ? 'is not linked statically: it needs libraries that a guest does not have' : null;
}
