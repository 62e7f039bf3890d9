// What the demo looks like: plain text with a few attributes, or without any where the output is no terminal.
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

const WIDTH = 100;

export const isTerminal = process.stdout.isTTY;
const hasStyles = isTerminal && (process.env['NO_COLOR'] ?? '') === '';

export function styled(style: Style, text: string): string {
  return hasStyles ? styleText(style, text) : text;
}

export function say(text = ''): void {
  console.log(text === '' ? '' : `  ${text}`);
}

/** A heading, and below it what is going to be shown and why it matters. */
export function section(title: string, explanation: string): void {
  console.log(`\n${styled('bold', `── ${title} `)}${styled('dim', '─'.repeat(Math.max(4, WIDTH - title.length - 4)))}`);
  for (const line of wrapped(explanation, WIDTH - 2)) say(styled('dim', line));
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value < 1000 ? value.toFixed(1) : count(Math.round(value))} ms`;
}

export function mark(isGood: boolean): string {
  return isGood ? styled('green', 'ok') : styled('red', 'WRONG');
}

/** A name and a value that may take several lines. */
export function field(name: string, value: string): void {
  const [first = '', ...rest] = wrapped(value, WIDTH - 18);
  say(`  ${styled('dim', name.padEnd(13))}${first}`);
  for (const line of rest) say(`  ${' '.repeat(13)}${line}`);
}

/** Columns of text: the first to the left, the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ');
  say(styled('bold', line(header)));
  say(styled('dim', widths.map(width => '─'.repeat(width)).join('───')));
  for (const row of rows) say(line(row));
}

export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** A line that is written over on a terminal; elsewhere a new line each time. */
export class LiveLine {
  #isOpen = false;

  show(text: string): void {
    // A line that is broken by the terminal could not be written over.
    if (isTerminal) process.stdout.write(`\r\u001b[K  ${text.slice(0, process.stdout.columns - 3)}`);
    else say(text);
    this.#isOpen = isTerminal;
  }

  /** Leaves the last state on the screen, so that other lines can follow. */
  end(): void {
    if (this.#isOpen) process.stdout.write('\n');
    this.#isOpen = false;
  }
}
