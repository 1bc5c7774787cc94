import { useMeasures } from '../../api/explore.ts';
import { CORE_FACETS, useFacetValues, useTagKeys, type Scope } from '../../api/queries.ts';
import { measureName } from '../../model/measure-name.ts';
import type { Completion } from '../../model/query-completion.ts';
import {
  comparisonSuggestions,
  keywordSuggestions,
  recentSuggestions,
  SPAN_KEYS,
  type Suggestion,
  type SuggestionGroup,
} from '../../model/suggestions.ts';
import { useDebounced } from '../../state/use-debounced.ts';

/** How much of each kind is shown before anything is typed. */
const TAGS_UNASKED = 12;
const MEASURES_UNASKED = 5;

interface SuggestionsQuestion {
  readonly text: string;
  readonly completion: Completion;
  /** What the values come from, with how many profiles of it have them. */
  readonly scope: Scope;
  /** The same without comparisons of measures, which would hide what else could be compared with. */
  readonly measureScope: Scope;
  readonly isOpen: boolean;
  readonly recent: readonly string[];
  /** Nothing was typed since the box was entered. */
  readonly isUntouched: boolean;
}

export interface Suggestions {
  readonly groups: readonly SuggestionGroup[];
  readonly isPending: boolean;
  /** There are more values than are offered. */
  readonly isTruncated: boolean;
}

export function useSuggestions(question: SuggestionsQuestion): Suggestions {
  const { text, completion, scope, measureScope, isOpen, recent, isUntouched } = question;
  const { kind, key, prefix: typed } = completion;
  const prefix = useDebounced(typed, 120);
  const isKey = isOpen && kind === 'key';
  const isMeasureTyped = typed.startsWith('@');
  const isValue = isOpen && kind === 'value' && !SPAN_KEYS.some(([name]) => name === key);
  const keys = useTagKeys(scope, prefix, isKey && !isMeasureTyped && !prefix.startsWith('@'));
  const values = useFacetValues(scope, key, prefix, isValue);
  const measures = useMeasures(measureScope, isOpen && kind !== 'value');
  const known = measures.data?.measures ?? [];
  const groups: SuggestionGroup[] = [];
  const add = (label: string, suggestions: readonly Suggestion[]): void => {
    if (suggestions.length > 0) groups.push({ label, suggestions });
  };

  if (kind === 'value') {
    const facet = values.data?.facets.find((each) => each.key === key);
    const found = (facet?.values ?? [])
      .map((value, index) => ({ value, count: facet?.counts[index] }))
      .filter(({ value }) => value !== '' && has(value, typed))
      .map(({ value, count }): Suggestion => ({ kind: 'value', text: value, note: '', count }));
    add(key, found);
    if (isUntouched) add('Recent searches', recentSuggestions(recent, text, 5));
    return { groups, isPending: isValue && values.isPending, isTruncated: facet?.truncated === true };
  }
  if (kind === 'comparison') {
    const measure = known.find(({ name }) => `@${name}` === key.toLowerCase());
    if (measure) add(measureName(measure.name).label, comparisonSuggestions(measure.histogram, typed));
    return { groups, isPending: measures.isPending && isOpen, isTruncated: false };
  }

  const isEmpty = text.trim() === '';
  if (isEmpty) add('Recent searches', recentSuggestions(recent, text, 8));
  add('Operators', keywordSuggestions(text, completion));
  if (!isMeasureTyped) {
    const tags = tagSuggestions(keys.data, typed);
    add('Tags', typed === '' ? tags.slice(0, TAGS_UNASKED) : tags);
  }
  const wanted = typed.replace(/^@/, '').toLowerCase();
  const matching = known.filter(({ name }) =>
    [name, measureName(name).label].some((each) => each.toLowerCase().includes(wanted)),
  );
  add(
    'Measures',
    (isMeasureTyped ? matching : matching.slice(0, MEASURES_UNASKED)).map(({ name, profiles }) => ({
      kind: 'key',
      text: `@${name}`,
      note: measureName(name).label,
      count: profiles,
    })),
  );
  if (typed !== '' || isEmpty) {
    const spans = SPAN_KEYS.filter(([name]) => name.startsWith(typed));
    add(
      'One request',
      spans.map(([name, note]) => ({ kind: 'key', text: name, note, count: undefined })),
    );
  }
  if (isUntouched && !isEmpty) add('Recent searches', recentSuggestions(recent, text, 5));
  return { groups, isPending: isKey && keys.isPending && !isMeasureTyped, isTruncated: false };
}

function tagSuggestions(
  tags: { readonly keys: readonly string[]; readonly counts: readonly number[] } | undefined,
  typed: string,
): Suggestion[] {
  const counts = new Map((tags?.keys ?? []).map((key, index) => [key, tags?.counts[index]]));
  const core = CORE_FACETS.filter((key) => has(key, typed));
  const others = [...counts.keys()].filter(
    (key) => has(key, typed) && !(CORE_FACETS as readonly string[]).includes(key),
  );
  return [...core, ...others].map((key) => ({ kind: 'key', text: key, note: '', count: counts.get(key) }));
}

/** As the server finds values and keys; until its answer is here, the one before is searched. */
function has(text: string, typed: string): boolean {
  return text.toLowerCase().includes(typed.toLowerCase());
}
