import { CORE_FACETS } from '../../api/queries.ts';
import { shownTerms } from '../../model/query-terms.ts';
import { SPAN_KEYS } from '../../model/suggestions.ts';
import { useRemembered } from '../../state/remembered.ts';

/** Which tags are groups of the panel, and which of those are open. */
export interface FacetChoice {
  readonly keys: readonly string[];
  /** Those whose values are in sight, and so worth asking for. */
  readonly openKeys: readonly string[];
  readonly isFolded: (key: string) => boolean;
  readonly fold: (key: string, isFolded: boolean) => void;
  readonly isAdded: (key: string) => boolean;
  readonly add: (key: string) => void;
  readonly drop: (key: string) => void;
}

/**
 * Tags that the search is about are shown to whoever opens the link. Those that the reader added besides stay a habit
 * of the reader: they are kept in the browser.
 */
export function useFacetChoice(query: string): FacetChoice {
  const [added, setAdded] = useRemembered('facets');
  const [folded, setFolded] = useRemembered('folded-facets');
  const searched = shownTerms(query)
    .map((term) => term.key)
    .filter(
      (key) => /^[\w./-]+$/.test(key) && !key.startsWith('_') && !SPAN_KEYS.some(([name]) => name === key),
    );
  const keys = [...new Set([...CORE_FACETS, ...added, ...searched])];
  return {
    keys,
    openKeys: keys.filter((key) => !folded.includes(key)),
    isFolded: (key) => folded.includes(key),
    fold: (key, isFolded) => setFolded(isFolded ? [...folded, key] : folded.filter((each) => each !== key)),
    isAdded: (key) => added.includes(key),
    add: (key) => {
      setAdded([...added.filter((each) => each !== key), key]);
      setFolded(folded.filter((each) => each !== key));
    },
    drop: (key) => setAdded(added.filter((each) => each !== key)),
  };
}
