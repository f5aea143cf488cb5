/** Texts of a given length that are meant to cost a parser more than their length. */
export type Shape = (bytes: number, random: () => number) => string

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const numbered = (piece: (index: number) => string): Shape => {
  return (bytes) => {
    const pieces: string[] = []
    for (let length = 0, index = 0; length < bytes; index++) {
      const next = piece(index)
      pieces.push(next)
      length += next.length
    }
    return pieces.join("").slice(0, bytes)
  }
}
const repeated = (piece: string): Shape => numbered(() => piece)

/** Any pieces in any order: what nobody thought of. */
const mixed = (pieces: readonly string[]): Shape => {
  return (bytes, random) =>
    numbered(() => {
      const piece = pieces[Math.floor(random() * pieces.length)] ?? ""
      return piece.repeat(1 + Math.floor(random() * 8))
    })(bytes, random)
}

/** Forms and query strings. */
export const FORM_SHAPES: Record<string, Shape> = {
  "an object of many properties": numbered((index) => `a[${index}]=&`),
  "an object of one property": repeated("a[b]=c&"),
  "many objects": numbered((index) => `a${index}[b]=&`),
  "many names": numbered((index) => `k${index}=v&`),
  "numbers as names": numbered((index) => `${index}=&`),
  "one name": repeated("client_id=x&"),
  "separators alone": repeated("&"),
  "signs of equality alone": repeated("="),
  "opened brackets": repeated("a["),
  "closed brackets": repeated("]"),
  "nested brackets": repeated("[a]"),
  "names of prototypes": repeated("__proto__[__proto__]=constructor&"),
  "percent signs": repeated("%"),
  "halves of escapes": repeated("%f"),
  "escapes that are not UTF-8": repeated("%ff%c3%28"),
  "escaped brackets": numbered((index) => `a%5B${index}%5D=&`),
  "blanks as plus": repeated("+"),
  "one long name": repeated("n"),
  "characters of four bytes": repeated("%F0%9F%98%80"),
  anything: mixed(["a[", "]", "=", "&", "%", "%5b", "%ff", "0", "__proto__", "+", ";", "client_id"]),
}

/** JSON texts, most of them cut off in the middle or closed where that is the point. */
export const JSON_SHAPES: Record<string, Shape> = {
  "lists in lists": (bytes) => "[".repeat(bytes / 2) + "]".repeat(bytes / 2),
  "lists that are not closed": repeated("["),
  "objects in objects": (bytes) => `${'{"a":'.repeat(bytes / 6)}1${"}".repeat(bytes / 6)}`,
  "many properties": enclosed(numbered((index) => `,"k${index}":1`)),
  "one property again and again": enclosed(repeated(',"client_id":"a"')),
  "numbers as properties": enclosed(numbered((index) => `,"${index * 65_537}":1`)),
  "names of prototypes": enclosed(numbered((index) => `,"__proto__":{"__proto__":${index}}`)),
  "one long text": (bytes) => JSON.stringify("x".repeat(bytes)),
  "one long text of a property": (bytes) => `{"grant_type":${JSON.stringify("x".repeat(bytes))}}`,
  escapes: (bytes) => `{"grant_type":"${"\\u0041".repeat(bytes / 6)}"}`,
  "halves of surrogate pairs": (bytes) => `{"grant_type":"${"\\ud83d".repeat(bytes / 6)}"}`,
  "one long number": (bytes) => `{"grant_type":${"9".repeat(bytes)}}`,
  "a large exponent": (bytes) => `{"grant_type":1e${"9".repeat(bytes)}}`,
  "many small values": (bytes) => `[${"0,".repeat(bytes / 2)}0]`,
  "blanks alone": repeated(" "),
  "a hook of many wrong packages": (bytes) =>
    `{"name":"a","script":"1","triggerId":"send-phone-message","dependencies":{"":""${numbered(
      (index) => `,"!${index}":"/"`,
    )(bytes, () => 0)
      .split('"/"')
      .slice(0, -1)
      .join('"/"')}"/"}}`,
  "a script of many requires": (bytes) =>
    `{"name":"a","script":${JSON.stringify("require   ( 'ms@1".repeat(bytes / 18))},"triggerId":"send-phone-message"}`,
  "a script of many directives": (bytes) =>
    `{"name":"a","script":${JSON.stringify("// hooklane: a=b\n".repeat(bytes / 18))},"triggerId":"send-phone-message"}`,
  "an event of many arguments": (bytes) =>
    `{"recipient":"1","text":"a","message_type":"sms","context":{}${enclosed(numbered((index) => `,"k${index}":1`))(bytes, () => 0).replace("{", ",")}`,
  "a long name": (bytes) =>
    `{"name":"${"a ".repeat(bytes / 2)}","script":"1","triggerId":"send-phone-message"}`,
  anything: mixed(["[", "]", "{", "}", '"', ":", ",", "\\u", "1", "e", "-", "null", '"a":', " ", "\\"]),
}

/** What a header, a path or a cursor may hold. */
export const PLAIN_SHAPES: Record<string, Shape> = {
  letters: repeated("a"),
  digits: repeated("9"),
  blanks: repeated(" "),
  dots: repeated("."),
  commas: repeated(", "),
  semicolons: repeated("; "),
  "signs of equality": repeated("="),
  slashes: repeated("/"),
  "short segments": repeated("a/"),
  escapes: repeated("%41"),
  "escapes that are not UTF-8": repeated("%ff%c3"),
  quotes: repeated('"'),
  Base64: (bytes) => Buffer.from("a:".repeat((bytes * 3) / 8)).toString("base64"),
  "many parameters": numbered((index) => `; p${index}=q${index}`),
  "many preferences": repeated(", wait = 1x"),
  "many cookies": numbered((index) => `c${index}=v; `),
  "many schemes": repeated("Bearer "),
  anything: mixed(["a", " ", ",", ";", "=", '"', "%41", "%ff", ".", "/", "-", "9", ":", "wait", "+", "json"]),
}

/** `{` … `}` around pairs that each begin with a comma. */
function enclosed(pairs: Shape): Shape {
  return (bytes, random) => {
    const text = pairs(bytes, random)
    return `{${text.slice(1, text.lastIndexOf(","))}}`
  }
}
