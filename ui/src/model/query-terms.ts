/** The terms of a query as things to see, turn around and take away, one at a time. */
import { isOperator, terms, unquoted, withoutTermAt } from './query-text.ts';

export interface ShownTerm {
  readonly start: number;
  readonly end: number;
  readonly negated: boolean;
  /** `OR` where it stands between this term and the one before it. */
  readonly joinedBy: '' | 'OR';
  /** Of a tag, or of a measure with `@` in front; empty for words and groups. */
  readonly key: string;
  /** Without the key and the negation: `web`, `a or b`, `1 – 2`. */
  readonly text: string;
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function shownTerms(query: string): ShownTerm[] {
  const shown: ShownTerm[] = [];
  let joinedBy: '' | 'OR' = '';
  let negated = false;
  for (const token of tokens(query)) {
    if (token.text === 'OR') joinedBy = 'OR';
    else if (token.text === 'NOT') negated = !negated;
    else if (token.text !== 'AND') {
      const isMinus = token.text.startsWith('-') && token.text.length > 1;
      const { key, text } = partsOf(isMinus ? token.text.slice(1) : token.text);
      const { start, end } = token;
      shown.push({ start, end, negated: negated !== isMinus, joinedBy, key, text });
      joinedBy = '';
      negated = false;
    }
  }
  return shown;
}

export function withoutTerm(query: string, { start }: ShownTerm): string {
  return withoutTermAt(query, start);
}

/** The query with the term meaning its opposite. */
export function withTermNegated(query: string, { start }: ShownTerm): string {
  const all = tokens(query);
  const index = all.findIndex((token) => token.start === start);
  const token = all[index];
  if (!token) return query;
  const turned = token.text.startsWith('-') ? token.text.slice(1) : `-${token.text}`;
  if (all[index - 1]?.text === 'NOT') all.splice(index - 1, 1);
  else all[index] = { ...token, text: turned };
  return all.map((each) => each.text).join(' ');
}

function partsOf(body: string): { key: string; text: string } {
  const match = /^([^\s():"\\]+):(.+)$/s.exec(body);
  const [, key = '', value = ''] = match ?? [];
  if (!match) return { key: '', text: unquoted(body) };
  if (value.startsWith('(') && value.endsWith(')')) {
    const inner = value.slice(1, -1);
    const words = terms(inner).map((term) => inner.slice(term.start, term.end));
    return {
      key,
      text: words.map((word) => (isOperator(word) ? word.toLowerCase() : unquoted(word))).join(' '),
    };
  }
  const [, from, to] = /^[[{]\s*(\S+) TO (\S+?)\s*[\]}]$/.exec(value) ?? [];
  if (from !== undefined && to !== undefined) {
    if (from === '*') return { key, text: `≤ ${to}` };
    return { key, text: to === '*' ? `≥ ${from}` : `${from} – ${to}` };
  }
  const [, operator, number] = key.startsWith('@') ? (/^(>=|<=|>|<)(.+)$/.exec(value) ?? []) : [];
  if (operator && number) {
    const sign = { '>=': '≥', '<=': '≤' }[operator] ?? operator;
    return { key, text: `${sign} ${number}` };
  }
  return { key, text: unquoted(value) };
}

function tokens(query: string): Token[] {
  return terms(query).map(({ start, end }) => ({ start, end, text: query.slice(start, end) }));
}
