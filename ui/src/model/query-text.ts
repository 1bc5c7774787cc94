/**
 * Editing a query in Datadog's search syntax as text: what its terms are, and what a click on a facet does to it.
 * The server alone decides what a query means; this knows just enough to add and remove plain terms.
 */

export interface Term {
  readonly start: number;
  readonly end: number;
  readonly negated: boolean;
  /** Empty for free text and for groups. */
  readonly key: string;
  /** Unquoted values: one for `key:value`, several for `key:(a OR b)`. */
  readonly values: readonly string[];
}

/** The top-level terms, in order. Groups and operators come as terms without a key. */
export function terms(query: string): Term[] {
  const found: Term[] = [];
  let index = 0;
  while (index < query.length) {
    if (isSpace(query[index])) {
      index++;
      continue;
    }
    const start = index;
    index = termEnd(query, start);
    found.push(parseTerm(query, start, index));
  }
  return found;
}

export interface FacetTerms {
  readonly included: readonly string[];
  readonly excluded: readonly string[];
}

export function facetTerms(query: string, key: string): FacetTerms {
  const own = terms(query).filter((term) => term.key === key);
  return {
    included: own.filter((term) => !term.negated).flatMap((term) => term.values),
    excluded: own.filter((term) => term.negated).flatMap((term) => term.values),
  };
}

/** The query with this key's plain terms replaced. The rest keeps its text, order and meaning. */
export function withFacetTerms(query: string, key: string, wanted: FacetTerms): string {
  const added: string[] = [];
  const [only, ...more] = wanted.included;
  if (only !== undefined) {
    added.push(
      more.length === 0 ? `${key}:${quoted(only)}` : `${key}:(${wanted.included.map(quoted).join(' OR ')})`,
    );
  }
  for (const value of wanted.excluded) added.push(`-${key}:${quoted(value)}`);

  return replaced(query, (term) => term.key === key, added);
}

/** The query with the top-level terms that are `unwanted`, as written, replaced by one; by none if it is empty. */
export function withTermReplaced(
  query: string,
  unwanted: (text: string) => boolean,
  replacement: string,
): string {
  const added = replacement === '' ? [] : [replacement];
  return replaced(query, (term) => unwanted(query.slice(term.start, term.end)), added);
}

function replaced(query: string, isUnwanted: (term: Term) => boolean, added: readonly string[]): string {
  const all = terms(query);
  const isTextOperator = (term: Term): boolean => isOperator(query.slice(term.start, term.end));
  if (!all.some(isTextOperator)) {
    const kept = all.filter((term) => !isUnwanted(term)).map((term) => query.slice(term.start, term.end));
    return [...kept, ...added].join(' ').trim();
  }
  // A term next to an OR is an operand: adding one would bind to the last operand only, so the whole query becomes
  // one group.
  if (added.length > 0) return [`(${query.trim()})`, ...added].join(' ');
  return all
    .filter(isUnwanted)
    .toReversed()
    .reduce((text, term) => withoutTermAt(text, term.start), query)
    .trim();
}

/** The query without the top-level term that starts there, and without the operators that would be left dangling. */
export function withoutTermAt(query: string, start: number): string {
  const all = terms(query).map((term) => ({ start: term.start, text: query.slice(term.start, term.end) }));
  let index = all.findIndex((token) => token.start === start);
  if (index < 0) return query;
  all.splice(index, 1);
  while (all[index - 1]?.text === 'NOT') all.splice(--index, 1);
  const next = all[index];
  const before = all[index - 1];
  if (before && isJoin(before.text) && (!next || isJoin(next.text))) all.splice(index - 1, 1);
  else if (!before && next && isJoin(next.text)) all.splice(index, 1);
  return all.map((token) => token.text).join(' ');
}

function isJoin(text: string): boolean {
  return text === 'OR' || text === 'AND';
}

/** Takes the value in, or out when it is in. Taking it in ends its exclusion. */
export function toggleIncluded(query: string, key: string, value: string): string {
  const { included, excluded } = facetTerms(query, key);
  return withFacetTerms(query, key, {
    included: included.includes(value) ? included.filter((other) => other !== value) : [...included, value],
    excluded: excluded.filter((other) => other !== value),
  });
}

export function toggleExcluded(query: string, key: string, value: string): string {
  const { included, excluded } = facetTerms(query, key);
  return withFacetTerms(query, key, {
    included: included.filter((other) => other !== value),
    excluded: excluded.includes(value) ? excluded.filter((other) => other !== value) : [...excluded, value],
  });
}

export function withoutFacet(query: string, key: string): string {
  return withFacetTerms(query, key, { included: [], excluded: [] });
}

/** Quotes only where the syntax needs them. */
export function quoted(value: string): string {
  return value !== '' && /^[^\s"()\\]+$/.test(value) && !/^(?:AND|OR|NOT)$/.test(value)
    ? value
    : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

export function unquoted(text: string): string {
  const inner = text.startsWith('"')
    ? text.slice(1, text.length > 1 && text.endsWith('"') ? -1 : undefined)
    : text;
  return inner.replace(/\\(["\\])/g, '$1');
}

function parseTerm(query: string, start: number, end: number): Term {
  const text = query.slice(start, end);
  const negated = text.startsWith('-') && text.length > 1;
  const body = negated ? text.slice(1) : text;
  const match = /^([\w@./-]+):(.*)$/s.exec(body);
  const [, key = '', value = ''] = match ?? [];
  if (!match || value === '') return { start, end, negated, key: '', values: [] };
  if (!value.startsWith('(')) {
    // Wildcards and ranges select more than one value and are not facet selections.
    const plain = !/^[[{<>]/.test(value) && (value.startsWith('"') || !/[*?]/.test(value));
    return plain
      ? { start, end, negated, key, values: [unquoted(value)] }
      : { start, end, negated, key: '', values: [] };
  }
  const inner = value.replace(/^\(|\)$/g, '');
  const pieces = terms(inner).map((piece) => inner.slice(piece.start, piece.end));
  const values = pieces.filter((piece) => piece !== 'OR');
  const plain =
    values.length > 0 &&
    values.every((piece) => !/^(?:AND|NOT|-.*)$|[*?():]/.test(piece) || piece.startsWith('"'));
  return plain
    ? { start, end, negated, key, values: values.map(unquoted) }
    : { start, end, negated, key: '', values: [] };
}

/** Up to the next space that is neither quoted nor in parentheses or brackets. */
function termEnd(query: string, start: number): number {
  let depth = 0;
  let isQuoted = false;
  let index = start;
  for (; index < query.length; index++) {
    const char = query[index];
    if (char === '\\') index++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (char === '(' || char === '[' || char === '{') depth++;
    else if (char === ')' || char === ']' || char === '}') depth--;
    else if (isSpace(char) && depth <= 0) break;
  }
  return Math.min(index, query.length);
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\t' || char === '\n';
}

export function isOperator(text: string): boolean {
  return text === 'OR' || text === 'AND' || text === 'NOT';
}
