import { IGNORED, LEFT_TO_RIGHT, PROHIBITED, RIGHT_TO_LEFT, SPACES, UNASSIGNED } from './stringprep_tables.js';

/** Starts and ends of ranges of code points, in ascending order: the starts have even positions, and an end is no part of its range. */
type CodePoints = readonly number[];

/** Read at the first use: most passwords are ASCII. */
interface Tables {
  readonly unassigned: CodePoints;
  readonly ignored: CodePoints;
  readonly spaces: CodePoints;
  readonly prohibited: CodePoints;
  readonly rightToLeft: CodePoints;
  readonly leftToRight: CodePoints;
}

let tables: Tables | null = null;

/**
 * Prepares a password, so that it is the same bytes however it was typed.
 *
 * Source: RFC 4013 (SASLprep), a profile of RFC 3454, for a stored string.
 *
 * @throws RangeError if it has a character that no password may have, or letters of both directions
 */
export function saslprep(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  tables ??= readTables();
  const prepared = mapped(text, tables).normalize('NFKC');
  refuseCharacters(prepared, tables);
  refuseDirections(prepared, tables);
  return prepared;
}

/** RFC 4013, section 2.1. */
function mapped(text: string, { spaces, ignored }: Tables): string {
  let result = '';
  for (const character of text) {
    const point = pointOf(character);
    if (has(spaces, point)) result += ' ';
    else if (!has(ignored, point)) result += character;
  }
  return result;
}

/** RFC 4013, sections 2.3 and 2.5. */
function refuseCharacters(text: string, { prohibited, unassigned }: Tables): void {
  for (const character of text) {
    const point = pointOf(character);
    if (has(prohibited, point)) throw new RangeError('a prohibited character (RFC 4013, section 2.3)');
    if (has(unassigned, point)) throw new RangeError('an unassigned code point (RFC 4013, section 2.5)');
  }
}

/** RFC 3454, section 6. */
function refuseDirections(text: string, { rightToLeft, leftToRight }: Tables): void {
  const points = Array.from(text, pointOf);
  const isRightToLeft = (point: number | undefined) => point !== undefined && has(rightToLeft, point);
  if (!points.some(isRightToLeft)) return;
  if (points.some(point => has(leftToRight, point)))
    throw new RangeError('letters of both directions (RFC 3454, section 6)');
  if (!isRightToLeft(points[0]) || !isRightToLeft(points.at(-1))) {
    throw new RangeError('letters from right to left that do not begin and end it (RFC 3454, section 6)');
  }
}

function pointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** Searches by halves for the last start or end that is not behind the code point. */
function has(points: CodePoints, point: number): boolean {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] ?? Infinity) <= point) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

function readTables(): Tables {
  return {
    unassigned: pointsOf(UNASSIGNED),
    ignored: pointsOf(IGNORED),
    spaces: pointsOf(SPACES),
    prohibited: pointsOf(PROHIBITED),
    rightToLeft: pointsOf(RIGHT_TO_LEFT),
    leftToRight: pointsOf(LEFT_TO_RIGHT),
  };
}

function pointsOf(table: string): CodePoints {
  const points: number[] = [];
  let end = 0;
  for (const item of table.trim().split(/\s+/)) {
    const [distance = '', more = '0'] = item.split('+');
    const start = end + parseInt(distance, 36);
    end = start + parseInt(more, 36) + 1;
    points.push(start, end);
  }
  return points;
}
