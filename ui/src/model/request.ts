import { facetTerms, withoutFacet } from './query-text.ts';

/** Keys of search terms that name a request. */
const KEYS = ['span_id', 'trace_id'] as const;

export interface Request {
  readonly id: string;
  readonly kind: 'span' | 'trace';
}

/** The request that a view is about: chosen on the timeline, or named by the search. */
export function requestOf(view: { readonly span: string; readonly query: string }): Request | undefined {
  for (const key of KEYS) {
    const [id] = facetTerms(view.query, key).included;
    if (id !== undefined && (view.span === '' || view.span === id)) {
      return { id, kind: key === 'span_id' ? 'span' : 'trace' };
    }
  }
  return view.span === '' ? undefined : { id: view.span, kind: 'span' };
}

/** The query without any request. */
export function withoutRequest(query: string): string {
  return KEYS.reduce(
    (text, key) => (facetTerms(text, key).included.length > 0 ? withoutFacet(text, key) : text),
    query,
  );
}
