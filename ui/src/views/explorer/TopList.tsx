import { questionOf, useLabels, useTypes, type Scope } from '../../api/queries.ts';
import { dimensionParts, dimensionPlural } from '../../model/dimension.ts';
import { formatCount, plural } from '../../model/format.ts';
import { ROWS, type ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Busy, ErrorState, Skeleton } from '../../widgets/State.tsx';
import { Basis } from '../pane/Basis.tsx';
import { ShareMenu } from '../share/ShareMenu.tsx';
import { LabelFilters } from '../pane/LabelFilters.tsx';
import { NormalizeSelect } from '../pane/NormalizeSelect.tsx';
import { AppliedChips } from '../pane/AppliedChips.tsx';
import { TypeSelect } from '../pane/TypeSelect.tsx';
import { MyCodeToggle } from '../pane/ViewControls.tsx';
import { DimensionMenu } from '../pane/DimensionMenu.tsx';
import { TopRows } from './TopRows.tsx';
import { useTopRows } from './use-top-rows.ts';
import './top-list.css';

interface TopListProps {
  readonly scope: Scope;
  readonly state: ViewState;
  readonly update: Update;
  /** Shown when there is nothing at all in scope. */
  readonly whenEmpty: React.ReactNode;
}

/** Where a value type goes, by anything that profiles and samples can be told apart by: the largest first. */
export function TopList({ scope, state, update, whenEmpty }: TopListProps) {
  const types = useTypes(scope);
  const known = types.data?.types ?? [];
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const question = questionOf(state, type?.name ?? '');
  const labels = useLabels(scope, { ...question, filters: [] }, type !== undefined);
  const { answer, rows } = useTopRows(scope, state, question, type !== undefined);

  if (types.isPending) return <Skeleton lines={16} label="Loading the list" />;
  if (types.isError && !types.data) {
    return <ErrorState error={types.error} onRetry={() => void types.refetch()} />;
  }
  if (!type) return whenEmpty;
  const body = answer.data;
  const { kind } = dimensionParts(state.dimension);
  const many = dimensionPlural(state.dimension);
  return (
    <div className="pane">
      <div className="pane-bar">
        <TypeSelect types={known} value={type} onType={(name) => update({ type: name, expanded: [] })} />
        <span className="muted">by</span>
        <DimensionMenu
          label="List by"
          scope={scope}
          question={question}
          hasTags={state.profile === ''}
          chosen={[state.dimension]}
          onChoose={(dimension) =>
            update({
              dimension,
              rowSearch: '',
              functionSort: dimensionParts(dimension).kind === 'frame' ? '-self' : '-total',
            })
          }
        />
        <NormalizeSelect
          basis={body}
          value={state.normalize}
          onNormalize={(normalize) => update({ normalize })}
        />
        <MyCodeToggle state={state} update={update} />
        <LabelFilters
          labels={labels.data}
          type={type}
          filters={state.filters}
          onFilters={(filters) => update({ filters, expanded: [] })}
        />
        <div className="pane-bar-end">
          <input
            type="search"
            className="top-search"
            aria-label={`Find ${many}`}
            placeholder={`Find ${many}`}
            value={state.rowSearch}
            spellCheck={false}
            onChange={(event) => update({ rowSearch: event.target.value }, { replace: true })}
          />
          <label className="inline-select">
            <span className="visually-hidden">Rows</span>
            <select
              aria-label="Rows"
              value={state.limit}
              onChange={(event) => update({ limit: Number(event.target.value) })}
            >
              {ROWS.map((count) => (
                <option key={count} value={count}>
                  {formatCount(count)} rows
                </option>
              ))}
            </select>
          </label>
          <ShareMenu scope={scope} question={question} />
        </div>
      </div>
      <AppliedChips state={state} update={update} />
      {answer.isError && !body ? (
        <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />
      ) : !body ? (
        <Skeleton lines={16} label="Loading the list" />
      ) : (
        <>
          <div className="pane-status">
            <span className="muted">
              {body.found > rows.length
                ? `The ${formatCount(rows.length)} largest of ${formatCount(body.found)} ${many}`
                : plural(rows.length, many.replace(/s$/, ''), many)}
            </span>
            <Basis tree={body} />
          </div>
          <div className="top-list">
            <Busy isBusy={answer.isFetching && answer.isPlaceholderData} />
            <TopRows
              state={state}
              update={update}
              body={body}
              rows={rows}
              name={many}
              isOfFrames={kind === 'frame'}
            />
          </div>
        </>
      )}
    </div>
  );
}
