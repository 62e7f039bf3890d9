import type { TagSet } from '../concern/read_preference.js';

/** Whether a server has every tag that is asked for; an empty set asks for none. */
export function matchesTagSet(tags: Readonly<TagSet>, wanted: Readonly<TagSet>): boolean {
  for (const name of Object.keys(wanted)) {
    if (tags[name] !== wanted[name]) return false;
  }
  return true;
}
