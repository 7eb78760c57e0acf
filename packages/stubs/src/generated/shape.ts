/** A UUID, or an unbroken run of what identifiers are made of. UUIDs are found within such runs too. */
const UUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
const WORDS = new RegExp(`${UUID}|(?:(?!${UUID})[A-Za-z0-9_-])+`, 'g');

/** Below this, values that look random are met by chance. */
const SHORTEST = 16;
const LONGEST = 128;
/** `order_`, `ch_`: says what a value is, and is hardly ever drawn at random. */
const PREFIX = /^(?:[a-z]{2,16}_)+/;

/** Few words of languages are of these letters, so that less shows chance: of 16 drawn at random, one in a thousand has fewer changes between letters and digits. */
const LEAST_CHANGES_OF_HEX = 2;

const KINDS: readonly (readonly [kind: string, looks: RegExp])[] = [
  ['uuid', new RegExp(`^${UUID}$`)],
  ['lower hex', /^(?=.*\d)(?=.*[a-f])[0-9a-f]+$/],
  ['upper hex', /^(?=.*\d)(?=.*[A-F])[0-9A-F]+$/],
  ['ulid', /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/],
  ['lower', /^(?=.*\d)(?=.*[a-z])[0-9a-z]+$/],
  ['upper', /^(?=.*\d)(?=.*[A-Z])[0-9A-Z]+$/],
  ['mixed', /^(?=.*[a-z])(?=.*[A-Z])[\w-]+$/],
];

/** The words of a text, in order, of which some may be identifiers. */
export function wordsOf(text: string): readonly string[] {
  return text.match(WORDS) ?? [];
}

/** The words of a text with what `replace` gives for each. */
export function replaceWords(text: string, replace: (word: string, index: number) => string): string {
  let index = 0;
  return text.replaceAll(WORDS, (word) => replace(word, index++));
}

/** Whether a word looks like one that was made at random or counted up beyond guessing; any other somebody chose. Words of digits alone are amounts and numbers of things. */
export function isIdentifier(word: string): boolean {
  return shapeOf(word) !== null || shapeOf(word.slice(prefixOf(word).length)) !== null;
}

/** Whether two identifiers may stand for each other: of one kind and length, and where both say what they are, the same. */
export function sameShape(one: string, other: string): boolean {
  const [first, second] = [prefixOf(one), prefixOf(other)];
  const from = first !== '' && second !== '' ? first.length : 0;
  const shape = shapeOf(one.slice(from));
  return shape !== null && shape === shapeOf(other.slice(from)) && (from === 0 || first === second);
}

function prefixOf(word: string): string {
  return PREFIX.exec(word)?.[0] ?? '';
}

function shapeOf(word: string): string | null {
  if (word.length < SHORTEST || word.length > LONGEST) return null;
  const kind = KINDS.find(([, looks]) => looks.test(word))?.[0];
  if (kind === undefined || (kind !== 'uuid' && changesOf(word) < (kind.endsWith('hex') ? LEAST_CHANGES_OF_HEX : word.length / 5))) return null;
  return `${kind} ${kind === 'uuid' ? word[14] : ''} ${word.length}`;
}

/** How often one kind of letter follows another. Words of languages have long runs of one kind; what is drawn at random changes often between them. */
function changesOf(word: string): number {
  let changes = 0;
  for (let at = 1; at < word.length; at++) if (classOf(word[at]) !== classOf(word[at - 1])) changes++;
  return changes;
}

function classOf(letter = ''): number {
  if (letter >= '0' && letter <= '9') return 0;
  return letter >= 'a' && letter <= 'z' ? 1 : letter >= 'A' && letter <= 'Z' ? 2 : 3;
}
