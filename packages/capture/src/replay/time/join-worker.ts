import { readInstructions } from '../../failure/replaying.js';
import { joinTime } from './join.js';

/** Workers are not observed; where waiting is passed over, their timers go forward with the main thread's all the same. */
export function joinWorker(instructions: string): void {
  const { time } = readInstructions(instructions);
  if (time) joinTime(time);
}
