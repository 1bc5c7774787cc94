import { ApiError } from '../../api/client.ts';
import { scopeOfSide } from '../../api/compare.ts';
import { useFacetValues, useProfile, useTypes } from '../../api/queries.ts';
import { earlier, hourAround, isSame } from '../../model/compare-scopes.ts';
import { formatCompact, formatDurationMs, formatTimeShort } from '../../model/format.ts';
import { isQueryMistake } from '../../model/query-mistake.ts';
import { facetTerms, quoted, withFacetTerms } from '../../model/query-text.ts';
import { NO_SIDE, type Side } from '../../state/url.ts';
import { useNow } from '../../state/use-now.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Popover } from '../../widgets/Popover.tsx';
import { FilterChips } from '../pane/FilterChips.tsx';
import { SearchBox } from '../explorer/SearchBox.tsx';
import { TimeRangePicker } from '../explorer/TimeRangePicker.tsx';

interface SideEditorProps {
  readonly name: 'a' | 'b';
  readonly side: Side;
  readonly other: Side;
  readonly nowMs: number;
  readonly onSide: (patch: Partial<Side>) => void;
}

export function SideEditor(props: SideEditorProps) {
  const { name, side, other, onSide } = props;
  const letter = name.toUpperCase();
  const scope = scopeOfSide(side);
  const types = useTypes(scope);
  const { error } = types;
  const mistake =
    error instanceof ApiError && error.status === 400 && isQueryMistake(error.message) ? error : null;
  return (
    <section className="card side" data-side={name} aria-label={name === 'a' ? 'A, the baseline' : 'B'}>
      <span className="side-badge" aria-hidden="true">
        {letter}
      </span>
      {side.profile ? (
        <ProfileCard side={side} onSide={onSide} />
      ) : (
        <>
          <SearchBox
            id={`query-${name}`}
            label={`Search for the profiles of ${letter}`}
            query={side.query}
            scope={mistake ? scopeOfSide({ ...side, query: '' }) : scope}
            measureScope={scopeOfSide({ ...side, query: '' })}
            mistake={mistake}
            onSearch={(query) => onSide({ query })}
          />
          <TimeRangePicker range={side} onRange={onSide} />
        </>
      )}
      <QuickChoices {...props} letter={letter} />
      {side.link !== '' && (
        <div className="side-filters">
          <span className="muted">Profiles pinned by</span>
          <span className="chip">
            <span>link {side.link}</span>
            <button
              type="button"
              aria-label={`Not only what link ${side.link} pinned`}
              onClick={() => onSide({ link: '' })}
            >
              <Icon name="close" />
            </button>
          </span>
        </div>
      )}
      {side.filters.length > 0 && (
        <div className="side-filters">
          <span className="muted">Samples with</span>
          <FilterChips
            label={`Label filters of ${letter}`}
            filters={side.filters}
            onFilters={(filters) => onSide({ filters })}
          />
        </div>
      )}
      {name === 'b' && isSame(side, other) && (
        <p className="side-note muted">The same as A: choose another version, host or time.</p>
      )}
    </section>
  );
}

function ProfileCard({
  side,
  onSide,
}: {
  readonly side: Side;
  readonly onSide: (patch: Partial<Side>) => void;
}) {
  const profile = useProfile(side.profile, scopeOfSide(side));
  const nowMs = useNow();
  const body = profile.data;
  const about = body ? [body.env, body.version, body.host].filter(Boolean).join(' · ') : '';
  return (
    <div className="side-profile">
      <div>
        <a className="strong" href={`/${side.source === 'opened' ? 'opened' : 'profiles'}/${side.profile}`}>
          {body ? body.service || '(no service)' : 'Profile'}
        </a>{' '}
        <span className="muted">
          {profile.isError
            ? profile.error.message
            : body &&
              `${formatTimeShort(body.start_ms, nowMs)}, ${formatDurationMs(body.end_ms - body.start_ms)}`}
        </span>
      </div>
      {about && <div className="muted side-about">{about}</div>}
      <button
        type="button"
        className="icon-button"
        aria-label="All profiles of the service around it"
        title="All profiles of the service around it"
        onClick={() =>
          onSide({
            ...NO_SIDE,
            ...(body
              ? { query: body.service ? `service:${quoted(body.service)}` : '', ...hourAround(body.start_ms) }
              : { from: 'now-1h', to: 'now' }),
          })
        }
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

const KEYS = ['version', 'host', 'env', 'service'] as const;

/** What this side often is, said in terms of the other one. */
function QuickChoices(props: SideEditorProps & { readonly letter: string }) {
  const { name, other, nowMs, onSide, letter } = props;
  const reference = name === 'a' ? 'B' : 'A';
  return (
    <Popover
      label={`Choose ${letter}`}
      align="end"
      trigger={
        <>
          Choose
          <Icon name="chevron-down" />
        </>
      }
    >
      {(close) => {
        const choose = (side: Partial<Side>): void => {
          onSide({ ...other, ...side });
          close();
        };
        return (
          <div className="side-choices">
            {other.profile ? (
              <OfProfile side={other} onChoose={choose} />
            ) : (
              <>
                <h2>Like {reference}, but</h2>
                <ul>
                  {(
                    [
                      ['previous', 'the period before'],
                      ['day', 'the same time yesterday'],
                      ['week', 'the same time last week'],
                    ] as const
                  ).map(([by, label]) => (
                    <li key={by}>
                      <button
                        type="button"
                        className="menu-item"
                        onClick={() => choose(earlier(other, by, nowMs))}
                      >
                        {label}
                      </button>
                    </li>
                  ))}
                </ul>
                {KEYS.map((key) => (
                  <OtherValues key={key} name={key} side={other} onChoose={(query) => choose({ query })} />
                ))}
              </>
            )}
          </div>
        );
      }}
    </Popover>
  );
}

function OfProfile(props: { readonly side: Side; readonly onChoose: (side: Partial<Side>) => void }) {
  const profile = useProfile(props.side.profile, scopeOfSide(props.side));
  const body = profile.data;
  if (!body) return <p className="muted side-note">Looking at the profile…</p>;
  const service = `service:${quoted(body.service)}`;
  const choices = [
    ['All profiles of the service around it', service],
    ['Only of its version', `${service} version:${quoted(body.version)}`],
    ['Only of its host', `${service} host:${quoted(body.host)}`],
  ] as const;
  return (
    <ul>
      {choices.map(([label, query]) => (
        <li key={label}>
          <button
            type="button"
            className="menu-item"
            onClick={() => props.onChoose({ ...NO_SIDE, query, ...hourAround(body.start_ms) })}
          >
            {label}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The other values of a tag among what the rest of the search finds, with their counts. */
function OtherValues(props: {
  readonly name: string;
  readonly side: Side;
  readonly onChoose: (query: string) => void;
}) {
  const { name, side, onChoose } = props;
  const anyValue = withFacetTerms(side.query, name, { included: [], excluded: [] });
  const values = useFacetValues(scopeOfSide({ ...side, query: anyValue }), name, '', true);
  const facet = values.data?.facets.find((each) => each.key === name);
  const { included } = facetTerms(side.query, name);
  const others = (facet?.values ?? [])
    .map((value, index) => ({ value, count: facet?.counts[index] ?? 0 }))
    .filter(({ value }) => value !== '' && !(included.length === 1 && included[0] === value));
  if (others.length === 0 || (included.length === 0 && others.length < 2)) return null;
  return (
    <>
      <h2>{name}</h2>
      <ul>
        {others.slice(0, 8).map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              className="menu-item"
              onClick={() => onChoose(withFacetTerms(side.query, name, { included: [value], excluded: [] }))}
            >
              <span>{value}</span>
              <span className="muted">{formatCompact(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
