/**
 * Editing a query in Datadog's search syntax as text: what a click on a facet does to it, and what is being typed at
 * the caret. The server alone decides what a query means; this knows just enough to add and remove plain terms.
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

  const all = terms(query);
  const kept = all.filter((term) => term.key !== key).map((term) => query.slice(term.start, term.end));
  // A term next to an OR is an operand: taking it out would leave the operator dangling, and adding one would bind
  // to the last operand only. So the whole query becomes one group.
  const hasOperator = all.some((term) => isOperator(query.slice(term.start, term.end)));
  const rest = hasOperator
    ? added.length > 0 && query.trim() !== ''
      ? [`(${query.trim()})`]
      : [query.trim()]
    : kept;
  return [...rest, ...added].join(' ').trim();
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

/** What the caret is in, for completion. */
export interface Completion {
  /** Range of the query that a suggestion replaces. */
  readonly start: number;
  readonly end: number;
  readonly kind: 'key' | 'value';
  readonly negated: boolean;
  readonly key: string;
  readonly prefix: string;
}

export function completionAt(query: string, caret: number): Completion {
  const all = terms(query);
  const own = all.find((term) => term.start < caret && caret <= term.end);
  if (!own) return { start: caret, end: caret, kind: 'key', negated: false, key: '', prefix: '' };
  const text = query.slice(own.start, own.end);
  const negated = text.startsWith('-');
  const body = negated ? text.slice(1) : text;
  const bodyStart = own.start + (negated ? 1 : 0);
  const colon = body.indexOf(':');
  if (colon < 0 || caret <= bodyStart + colon) {
    const prefix = query.slice(bodyStart, caret);
    return {
      start: bodyStart,
      end: colon < 0 ? own.end : bodyStart + colon + 1,
      kind: 'key',
      negated,
      key: '',
      prefix,
    };
  }
  const key = body.slice(0, colon);
  let start = bodyStart + colon + 1;
  // Inside key:(a OR b|) the value under the caret is what gets completed.
  if (query[start] === '(') {
    start += 1;
    const before = query.slice(start, caret);
    const space = before.lastIndexOf(' ');
    if (space >= 0) start += space + 1;
    const rest = /^[^\s)]*/.exec(query.slice(caret))?.[0].length ?? 0;
    return {
      start,
      end: caret + rest,
      kind: 'value',
      negated,
      key,
      prefix: unquoted(query.slice(start, caret)),
    };
  }
  return { start, end: own.end, kind: 'value', negated, key, prefix: unquoted(query.slice(start, caret)) };
}

/** The query and the caret after a suggestion was taken. */
export function complete(
  query: string,
  completion: Completion,
  suggestion: string,
): { text: string; caret: number } {
  const inserted = completion.kind === 'key' ? `${suggestion}:` : quoted(suggestion);
  const before = query.slice(0, completion.start);
  const after = query.slice(completion.end);
  const space = completion.kind === 'value' && !/^[\s)]/.test(after) ? ' ' : '';
  return { text: before + inserted + space + after, caret: before.length + inserted.length + space.length };
}

/** Quotes only where the syntax needs them. */
export function quoted(value: string): string {
  return value !== '' && /^[^\s"()\\]+$/.test(value) && !/^(?:AND|OR|NOT)$/.test(value)
    ? value
    : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function unquoted(text: string): string {
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

function isOperator(text: string): boolean {
  return text === 'OR' || text === 'AND' || text === 'NOT';
}
