export { bodyBytes, bodyText } from './body.js';
export { DEFAULT_CAPS, type Caps } from './caps.js';
export { readPackage } from './read-package.js';
export { readTimeline, type TimelineOptions } from './read-timeline.js';
