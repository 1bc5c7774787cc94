/** A query cut where the server could not read it. */
export interface QueryMistake {
  /** Without the position, which is shown instead of told. */
  readonly message: string;
  readonly before: string;
  /** The character at fault; a blank behind the end; empty if the message tells no position. */
  readonly at: string;
  readonly after: string;
}

const MOST_BEFORE = 40;

export function mistakeAt(query: string, message: string): QueryMistake {
  const match = /^(.*) \(at character (\d+)\)$/s.exec(message);
  if (!match) return { message, before: '', at: '', after: '' };
  // The server counts characters, not units of UTF-16.
  const characters = [...query];
  const index = Math.min(Math.max(Number(match[2]) - 1, 0), characters.length);
  const from = Math.max(0, index - MOST_BEFORE);
  const text = match[1] ?? message;
  return {
    message: text.charAt(0).toUpperCase() + text.slice(1),
    before: (from > 0 ? '…' : '') + characters.slice(from, index).join(''),
    at: characters[index] ?? '\u00a0',
    after: characters.slice(index + 1, index + 1 + MOST_BEFORE).join(''),
  };
}

/** Whether the server complains about the text of the search, and not about something else in the question. */
export function isQueryMistake(message: string): boolean {
  return /\(at character \d+\)$/.test(message);
}
