/** No program ends with this code by convention. */
const DIVERGED = 113;

/**
 * What runs in the place of a recorded program: it says what that said, when that said it and after as much input, compares its input, and ends as that ended.
 * A text for `node -e`, so that it is there wherever the application's Node is. `DEJA_REPLAY` names the instructions, `DEJA_ANSWER` the answer in them.
 */
export const STAND_IN = `
const { readFileSync } = require('node:fs');
// Its own start counts as the program's time.
const began = performance.now() - Math.min(5000, Math.max(0, performance.timeOrigin + performance.now() - Number(process.env.DEJA_BEGAN)));
const answer = JSON.parse(readFileSync(process.env.DEJA_REPLAY, 'utf8')).processes[Number(process.env.DEJA_ANSWER)];
const input = answer && answer.input !== undefined ? Buffer.from(answer.input, 'base64') : null;
let heard = Buffer.alloc(0);
let wake = () => {};
function diverge(text) {
  process.stderr.write('deja: divergence: ' + text + '\\n', () => process.exit(${DIVERGED}));
  return new Promise(() => {});
}
const until = async (ms) => { for (let left = began + ms - performance.now(); left > 0; left = began + ms - performance.now()) await new Promise((resolve) => setTimeout(resolve, left)); };
const hearing = async (bytes) => { while (heard.length < bytes) await new Promise((resolve) => (wake = resolve)); };
async function play() {
  if (!answer) return diverge('this program was not run in the recording: ' + process.env.DEJA_ASKED);
  if (input) {
    process.stdin.on('data', (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      const same = input.subarray(0, heard.length);
      if (!same.equals(heard)) diverge('other input than in event ' + answer.seq + ', which had ' + input.length + ' bytes of it');
      wake();
    }).on('end', () => heard.length < input.length && diverge('less input than in event ' + answer.seq + ': ' + heard.length + ' bytes instead of ' + input.length));
  }
  for (const piece of answer.pieces) {
    await hearing(piece.after ?? 0);
    await until(piece.ms);
    await new Promise((resolve) => process[piece.from].write(Buffer.from(piece.base64, 'base64'), resolve));
  }
  if (input) await hearing(input.length);
  if (answer.ms === undefined) return setInterval(() => {}, 2 ** 30);
  await until(answer.ms);
  if (answer.signal === undefined) process.exit(answer.code ?? 0);
  // Whoever sent the signal then sends it again; otherwise it comes from nobody.
  await until(answer.ms + 300);
  process.kill(process.pid, answer.signal);
}
play();
`;

