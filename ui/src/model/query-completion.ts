/** What is being typed at the caret of a query, and what the query becomes when a suggestion is taken. */
import { quoted, terms, unquoted } from './query-text.ts';

export interface Completion {
  /** Range of the query that a suggestion replaces. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'key' | 'value' | 'comparison';
  readonly negated: boolean;
  /** What the value is of; a measure's begins with `@`. */
  readonly key: string;
  readonly prefix: string;
}

export interface Suggested {
  /** A comparison is taken as it is; a keyword stands between terms; a whole query replaces everything. */
  readonly kind: 'key' | 'value' | 'comparison' | 'keyword' | 'query';
  readonly text: string;
}

export function completionAt(query: string, caret: number): Completion {
  return completionWithin(query, caret, 0, query.length);
}

/** The query and the caret after a suggestion was taken. */
export function complete(
  query: string,
  completion: Completion,
  { kind, text }: Suggested,
): { text: string; caret: number } {
  if (kind === 'query') return { text, caret: text.length };
  const inserted = kind === 'key' ? `${text}:` : kind === 'value' ? quoted(text) : text;
  const before = query.slice(0, completion.start);
  const after = query.slice(completion.end);
  const space = kind !== 'key' && !/^[\s)]/.test(after) ? ' ' : '';
  return { text: before + inserted + space + after, caret: before.length + inserted.length + space.length };
}

function completionWithin(query: string, caret: number, from: number, to: number): Completion {
  const own = terms(query.slice(from, to)).find(
    (term) => from + term.start < caret && caret <= from + term.end,
  );
  if (!own) return fresh(caret);
  const end = from + own.end;
  const negated = query[from + own.start] === '-';
  const start = from + own.start + (negated ? 1 : 0);
  if (query[start] === '(') return inGroup(query, caret, start, end) ?? fresh(caret);

  const body = query.slice(start, end);
  const colon = body.indexOf(':');
  if (colon < 0 || caret <= start + colon) {
    const keyEnd = colon < 0 ? end : start + colon + 1;
    return { start, end: keyEnd, kind: 'key', negated, key: '', prefix: query.slice(start, caret) };
  }
  const key = body.slice(0, colon);
  const valueStart = start + colon + 1;
  if (key.startsWith('@')) {
    const prefix = query.slice(valueStart, caret);
    return { start: valueStart, end, kind: 'comparison', negated, key, prefix };
  }
  if (query[valueStart] !== '(') return value(query, caret, valueStart, end, negated, key);
  // Inside key:(a OR b|) the value under the caret is what gets completed.
  const innerEnd = innerEndOf(query, end);
  if (caret > innerEnd) return fresh(caret);
  const inner = terms(query.slice(valueStart + 1, innerEnd)).find(
    (term) => valueStart + 1 + term.start < caret && caret <= valueStart + 1 + term.end,
  );
  if (!inner) return value(query, caret, caret, caret, negated, key);
  return value(query, caret, valueStart + 1 + inner.start, valueStart + 1 + inner.end, negated, key);
}

function inGroup(query: string, caret: number, open: number, end: number): Completion | undefined {
  const innerEnd = innerEndOf(query, end);
  return caret > open && caret <= innerEnd ? completionWithin(query, caret, open + 1, innerEnd) : undefined;
}

/** Where the inside of parentheses ends, whether they are closed already or not. */
function innerEndOf(query: string, end: number): number {
  return query[end - 1] === ')' ? end - 1 : end;
}

function fresh(caret: number): Completion {
  return { start: caret, end: caret, kind: 'key', negated: false, key: '', prefix: '' };
}

function value(
  query: string,
  caret: number,
  start: number,
  end: number,
  negated: boolean,
  key: string,
): Completion {
  return { start, end, kind: 'value', negated, key, prefix: unquoted(query.slice(start, caret)) };
}
