import { lazy, Suspense, useRef } from 'react';

import { CORE_FACETS, type Scope } from '../../api/queries.ts';
import type { FacetsBody } from '../../api/types.ts';
import { formatCount } from '../../model/format.ts';
import { facetTerms, withoutFacet } from '../../model/query-text.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { ErrorState, Skeleton } from '../../widgets/State.tsx';
import { useSeen } from '../../widgets/use-seen.ts';
import { AddFacet } from './AddFacet.tsx';
import { FacetGroup } from './FacetGroup.tsx';
import { FacetValues } from './FacetValues.tsx';
import type { FacetChoice } from './use-facet-choice.ts';

// The sliders come when the reader gets to them, as their values do.
const MeasurePanel = lazy(async () => {
  const { MeasurePanel: component } = await import('./MeasurePanel.tsx');
  return { default: component };
});

interface FacetPanelProps {
  readonly scope: Scope;
  readonly measureScope: Scope;
  readonly query: string;
  readonly choice: FacetChoice;
  readonly facets: {
    readonly data: FacetsBody | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  readonly onQuery: (query: string) => void;
}

export function FacetPanel({ scope, measureScope, query, choice, facets, onQuery }: FacetPanelProps) {
  if (!facets.data) {
    return facets.error ? (
      <ErrorState error={facets.error} onRetry={() => void facets.refetch()} />
    ) : (
      <Skeleton lines={14} label="Loading facets" />
    );
  }
  const { data } = facets;
  return (
    <>
      {choice.keys.map((key) => {
        const isCore = (CORE_FACETS as readonly string[]).includes(key);
        const isOpen = !choice.isFolded(key);
        const facet = data.facets.find((each) => each.key === key);
        const { included, excluded } = facetTerms(query, key);
        const isActive = included.length + excluded.length > 0;
        if (isOpen && isCore && !isActive && facet?.values.every((value) => value === '')) return null;
        return (
          <FacetGroup
            key={key}
            title={key}
            isOpen={isOpen}
            onToggle={() => choice.fold(key, isOpen)}
            note={facet && facet.distinct > 1 ? formatCount(facet.distinct) : ''}
            action={
              isActive ? (
                <button
                  type="button"
                  className="text-button"
                  onClick={() => onQuery(withoutFacet(query, key))}
                >
                  Clear
                </button>
              ) : choice.isAdded(key) ? (
                <button
                  type="button"
                  className="facet-drop"
                  aria-label={`Take ${key} out of the panel`}
                  title="Take this tag out of the panel"
                  onClick={() => choice.drop(key)}
                >
                  <Icon name="close" />
                </button>
              ) : undefined
            }
          >
            {facet ? (
              <FacetValues facet={facet} scope={scope} query={query} onQuery={onQuery} />
            ) : (
              <Skeleton lines={3} label={`Loading ${key}`} />
            )}
          </FacetGroup>
        );
      })}
      <AddFacet scope={scope} shown={choice.keys} onAdd={choice.add} />
      <Measures scope={measureScope} query={query} onQuery={onQuery} />
    </>
  );
}

function Measures(props: {
  readonly scope: Scope;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(ref);
  return (
    <div ref={ref} className="measures">
      {isSeen && (
        <Suspense fallback={<Skeleton lines={6} label="Loading measures" />}>
          <MeasurePanel {...props} />
        </Suspense>
      )}
    </div>
  );
}
