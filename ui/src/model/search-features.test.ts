import { describe, expect, it } from 'vitest';

import { shownTerms, withTermNegated } from './query-terms.ts';
import { SEARCH_FEATURES } from './search-features.ts';
import { KEYWORDS, SPAN_KEYS } from './suggestions.ts';

const help = SEARCH_FEATURES.map((feature) => feature.join(' ')).join('\n');

describe('the help on searching', () => {
  it.each(SEARCH_FEATURES.map(([example]) => example))(
    'gives an example that the page reads: %s',
    (query) => {
      const terms = shownTerms(query);
      expect(terms.map(({ start, end }) => query.slice(start, end)).join('')).toBe(
        query.replace(/ (OR )?(?![^(["]*[\])"])/g, ''),
      );
      const [first] = terms;
      expect(first && shownTerms(withTermNegated(query, first))[0]?.negated).toBe(!first?.negated);
    },
  );

  it.each([...KEYWORDS, ...SPAN_KEYS].map(([word]) => word))('says what %s is for', (word) => {
    expect(help).toContain(word);
  });
});
