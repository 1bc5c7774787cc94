/** What the search box offers, as far as it follows from what is known; values of tags come from the server. */
import type { Completion, Suggested } from './query-completion.ts';
import { quantile, queryNumber, type Histogram } from './measure-range.ts';

export interface Suggestion extends Suggested {
  /** What it means, where the text alone does not say. */
  readonly note: string;
  /** Profiles that have it. */
  readonly count: number | undefined;
}

export interface SuggestionGroup {
  readonly label: string;
  readonly suggestions: readonly Suggestion[];
}

/** Keys of one request instead of a profile. */
export const SPAN_KEYS = [
  ['span_id', 'samples of one span'],
  ['trace_id', 'profiles of one trace'],
] as const;

export const KEYWORDS = [
  ['OR', 'either side'],
  ['NOT', 'what the next term does not match'],
  ['AND', 'both sides; the same as a space'],
] as const;

/** Operators, once the beginning of one is typed where one can stand. */
export function keywordSuggestions(query: string, { start, prefix }: Completion): Suggestion[] {
  const isFirst = query.slice(0, start).trim() === '';
  return KEYWORDS.filter(
    ([word]) => prefix !== '' && word.startsWith(prefix) && (!isFirst || word === 'NOT'),
  ).map(([word, note]) => ({ kind: 'keyword', text: word, note, count: undefined }));
}

/** Comparisons that split the profiles in scope where it is worth it. */
export function comparisonSuggestions(histogram: Histogram, typed: string): Suggestion[] {
  const at = (share: number): string => queryNumber(quantile(histogram, share));
  const all: readonly (readonly [string, string])[] = [
    [`>=${at(0.5)}`, 'the upper half'],
    [`>=${at(0.9)}`, 'the highest tenth'],
    [`<${at(0.5)}`, 'the lower half'],
    [`[${at(0.1)} TO ${at(0.9)}]`, 'without the extremes'],
    ['*', 'has it at all'],
  ];
  const seen = new Set<string>();
  return all
    .filter(([text]) => text.startsWith(typed.trim()) && !seen.has(text) && seen.add(text))
    .map(([text, note]) => ({ kind: 'comparison', text, note, count: undefined }));
}

/** Recent searches that say more than the text does already. */
export function recentSuggestions(recent: readonly string[], typed: string, most: number): Suggestion[] {
  const text = typed.trim();
  return recent
    .filter((query) => query !== text)
    .slice(0, most)
    .map((query) => ({ kind: 'query', text: query, note: '', count: undefined }));
}

export function flatSuggestions(groups: readonly SuggestionGroup[]): Suggestion[] {
  return groups.flatMap((group) => group.suggestions);
}
