import { useFacetValues, type Scope } from '../../api/queries.ts';
import { compareWith, type Comparison } from '../../model/compare-scopes.ts';
import { formatCompact } from '../../model/format.ts';
import { facetTerms, withFacetTerms } from '../../model/query-text.ts';
import type { ViewState } from '../../state/url.ts';
import { useViewState } from '../../state/use-view-state.ts';

export interface ComparedProfile {
  readonly service: string;
  readonly env: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

interface ComparePanelProps {
  readonly scope: Scope;
  readonly profile?: ComparedProfile;
  readonly before?: string | undefined;
  readonly onDone: () => void;
}

/** The choices of the menu. */
export function ComparePanel({ scope, profile, before, onDone }: ComparePanelProps) {
  const [state, update] = useViewState();
  const choose = (wanted: Comparison): void => {
    onDone();
    update(compareWith(state, wanted, Date.now()));
  };
  return profile ? (
    <ul>
      {before && (
        <Choice
          label="With the one before it"
          note="of the same process"
          onChoose={() => choose({ kind: 'profile', baseline: before })}
        />
      )}
      <Choice
        label="With its service at the time"
        note="all profiles within half an hour"
        onChoose={() => choose(ofService(profile, 0))}
      />
      <Choice
        label="With its service an hour before"
        note="all profiles of that hour"
        onChoose={() => choose(ofService(profile, 3_600_000))}
      />
    </ul>
  ) : (
    <>
      <ul>
        <Choice label="With the period before" onChoose={() => choose({ kind: 'earlier', by: 'previous' })} />
        <Choice
          label="With the same time yesterday"
          onChoose={() => choose({ kind: 'earlier', by: 'day' })}
        />
        <Choice
          label="With the same time last week"
          onChoose={() => choose({ kind: 'earlier', by: 'week' })}
        />
      </ul>
      {(['version', 'host', 'env'] as const).map((key) => (
        <Values key={key} name={key} state={state} scope={scope} onChoose={choose} />
      ))}
    </>
  );
}

function ofService({ service, env, start_ms, end_ms }: ComparedProfile, earlierMs: number): Comparison {
  return { kind: 'service', service, env, startMs: start_ms - earlierMs, endMs: end_ms - earlierMs };
}

function Choice(props: { readonly label: string; readonly note?: string; readonly onChoose: () => void }) {
  return (
    <li>
      <button type="button" className="menu-item" onClick={props.onChoose}>
        <span>{props.label}</span>
        {props.note && <span className="muted">{props.note}</span>}
      </button>
    </li>
  );
}

/** Values of a tag in scope: against all others, or, when the search asks for one value, against another one. */
function Values(props: {
  readonly name: string;
  readonly state: ViewState;
  readonly scope: Scope;
  readonly onChoose: (wanted: Comparison) => void;
}) {
  const { name, state, scope, onChoose } = props;
  const values = useFacetValues(withoutKey(scope, state, name), name, '', true);
  const { included } = facetTerms(state.query, name);
  const only = included.length === 1 ? included[0] : undefined;
  const facet = values.data?.facets.find((each) => each.key === name);
  const shown = (facet?.values ?? [])
    .map((value, index) => ({ value, count: facet?.counts[index] ?? 0 }))
    .filter(({ value }) => value !== '' && value !== only);
  // Something with all others, of which there are none, is no comparison.
  if (shown.length === 0 || (only === undefined && shown.length < 2)) return null;
  return (
    <>
      <h2>{only === undefined ? `One ${name} with all others` : `${name} ${only} with`}</h2>
      <ul>
        {shown.slice(0, 6).map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              className="menu-item"
              onClick={() => onChoose({ kind: 'value', key: name, value })}
            >
              <span className="compare-menu-value">{value}</span>
              <span className="muted">{formatCompact(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function withoutKey(scope: Scope, state: ViewState, key: string): Scope {
  const query = withFacetTerms(state.query, key, { included: [], excluded: [] });
  const rest = scope.params.filter(([name]) => name !== 'query');
  return { ...scope, params: query ? [['query', query], ...rest] : rest };
}
