import { scopeOfSide, type CompareBody } from '../../api/compare.ts';
import { questionOf, useLabels, useTypes } from '../../api/queries.ts';
import type { Granularity } from '../../api/types.ts';
import { commonTypes } from '../../model/common-types.ts';
import {
  confidenceOf,
  CONFIDENCE_WORDS,
  modeOf,
  obstacleOf,
  summarize,
  type Summary,
} from '../../model/diff.ts';
import { formatCount, formatDurationMs, formatShare, plural } from '../../model/format.ts';
import { withTransforms } from '../../model/transforms.ts';
import type { ChangeMode, Side, ViewState } from '../../state/url.ts';
import type { Update } from '../../state/use-view-state.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { Segmented } from '../../widgets/Segmented.tsx';
import { Busy, ErrorState, FlameSkeleton } from '../../widgets/State.tsx';
import { AppliedChips } from '../pane/AppliedChips.tsx';
import { LabelFilters } from '../pane/LabelFilters.tsx';
import { TypeSelect } from '../pane/TypeSelect.tsx';
import { ChangesTable } from './ChangesTable.tsx';
import { ConfidenceBars } from './ConfidenceBars.tsx';
import { DiffFlame } from './DiffFlame.tsx';
import { EmptySides } from './EmptySides.tsx';
import { useDiff } from './use-diff.ts';
import { useDiffSearch } from './use-diff-search.ts';

interface ComparePaneProps {
  readonly state: ViewState;
  readonly update: Update;
  readonly a: Side;
  readonly b: Side;
  readonly nowMs: number;
  readonly onSide: (name: 'a' | 'b', patch: Partial<Side>) => void;
}

/** Value type, mode and search on top; below them what changed: in a sentence, in a table and in flame graphs. */
export function ComparePane(props: ComparePaneProps) {
  const { state, update, a, b, nowMs, onSide } = props;
  const [typesA, typesB] = [useTypes(scopeOfSide(a)), useTypes(scopeOfSide(b))];
  const known = commonTypes(typesA.data?.types ?? [], typesB.data?.types ?? []);
  const type = known.find((each) => each.name === state.type) ?? known[0];
  const question = questionOf(state, type?.name ?? '');
  const isReady = type !== undefined && typesA.data !== undefined && typesB.data !== undefined;
  const { compare, diff, isExpanding } = useDiff(state, { a, b, question }, isReady);
  const labels = useLabels(scopeOfSide(b), { ...question, filters: [] }, isReady);
  const search = useDiffSearch(state, update, diff);

  const failed = [typesA, typesB].find((types) => types.isError && !types.data);
  if (failed) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!typesA.data || !typesB.data) return <FlameSkeleton />;
  const empty = { a: typesA.data.types.length === 0, b: typesB.data.types.length === 0 };
  if (empty.a || empty.b || !type) {
    return <EmptySides a={a} b={b} empty={empty} nowMs={nowMs} onSide={onSide} />;
  }

  const body = compare.data;
  return (
    <div className="pane">
      <div className="pane-bar">
        <TypeSelect
          types={known}
          value={type}
          onType={(name) => update({ type: name, zoom: [], expanded: [] })}
        />
        <ModeSwitch state={state} update={update} body={body} />
        <Segmented<Granularity>
          label="Granularity"
          value={state.granularity}
          options={[
            { value: 'function', label: 'Function' },
            { value: 'line', label: 'Line' },
            { value: 'file', label: 'File' },
            { value: 'package', label: 'Package' },
          ]}
          onChange={(granularity) => update({ granularity, zoom: [], expanded: [] })}
        />
        <LabelFilters
          labels={labels.data}
          type={type}
          filters={state.filters}
          onFilters={(filters) => update({ filters, expanded: [] })}
        />
        <div className="pane-bar-end">
          <div className="flame-search">
            <Icon name="search" />
            <input
              type="search"
              aria-label="Search in the comparison"
              placeholder="Search functions"
              value={state.search}
              spellCheck={false}
              onChange={(event) => update({ search: event.target.value }, { replace: true })}
              onKeyDown={(event) => {
                if (event.key === 'Enter') search.showMatch(event.shiftKey ? -1 : 1);
                if (event.key === 'Escape') update({ search: '' }, { replace: true });
              }}
            />
            {diff && search.found && (
              <output className="flame-search-result">
                {search.found.matches.length === 0
                  ? 'no match'
                  : `${search.index >= 0 ? `${search.index + 1} / ` : ''}${formatCount(search.found.matches.length)} · ${formatShare(search.found.total, diff.tree.totals[0] ?? 0)}`}
              </output>
            )}
          </div>
          <Segmented<'merged' | 'sides'>
            label="Flame graphs"
            value={state.sideBySide ? 'sides' : 'merged'}
            options={[
              { value: 'merged', label: 'Merged' },
              { value: 'sides', label: 'Side by side' },
            ]}
            onChange={(value) => update({ sideBySide: value === 'sides' })}
          />
          <button
            type="button"
            className="icon-button bordered table-toggle"
            aria-label="Table of changes"
            title="Table of changes"
            aria-pressed={state.table}
            onClick={() => update({ table: !state.table })}
          >
            <Icon name="table" />
          </button>
        </div>
      </div>
      <AppliedChips state={state} update={update} withFocus />
      {compare.isError && !body ? (
        <ErrorState error={compare.error} onRetry={() => void compare.refetch()} />
      ) : !body || !diff ? (
        <FlameSkeleton />
      ) : body.a.total === 0 || body.b.total === 0 ? (
        <EmptySides
          a={a}
          b={b}
          empty={{ a: body.a.total === 0, b: body.b.total === 0 }}
          nowMs={nowMs}
          onSide={onSide}
          {...(isNarrowed(state) && { onUnfilter: () => update(unnarrowed(state)) })}
          type={type.name}
        />
      ) : (
        <>
          <SummaryLine summary={summarize(body, state.change)} body={body} />
          <div className="flame-split compare-split" data-table={state.table}>
            <Busy isBusy={(compare.isFetching && compare.isPlaceholderData) || isExpanding} />
            {state.table && (
              <ChangesTable body={body} diff={diff} state={state} update={update} onPick={search.pick} />
            )}
            <DiffFlame diff={diff} state={state} update={update} search={search} />
          </div>
        </>
      )}
    </div>
  );
}

/** Whether anything but the choice of profiles says which samples are compared. */
function isNarrowed({ filters, transforms, window, span, a, b }: ViewState): boolean {
  const lists = [filters, transforms, a.filters, b.filters];
  return lists.some((list) => list.length > 0) || window !== '' || span !== '';
}

function unnarrowed({ a, b }: ViewState): Partial<ViewState> {
  return {
    filters: [],
    ...withTransforms([]),
    window: '',
    span: '',
    a: { ...a, filters: [] },
    b: { ...b, filters: [] },
  };
}

function ModeSwitch(props: {
  readonly state: ViewState;
  readonly update: Update;
  readonly body: CompareBody | undefined;
}) {
  const { state, update, body } = props;
  const isSnapshot = body?.kind === 'snapshot';
  const canCall = body ? obstacleOf(body, 'call') === undefined : state.change === 'call';
  return (
    <Segmented<ChangeMode>
      label="Compare"
      value={body ? modeOf(body, state.change) : state.change}
      options={[
        { value: 'share', label: 'Shares' },
        { value: 'rate', label: isSnapshot ? 'Amounts' : 'Per minute' },
        ...(canCall ? [{ value: 'call' as const, label: 'Per call' }] : []),
      ]}
      onChange={(change) => update({ change })}
    />
  );
}

function SummaryLine({ summary, body }: { readonly summary: Summary; readonly body: CompareBody }) {
  const basis = (side: CompareBody['a']): string =>
    `${plural(side.samples, 'sample')} in ${plural(side.profiles, 'profile')} over ${formatDurationMs(side.seconds * 1000)}`;
  return (
    <div className="compare-summary">
      <p>
        <strong>{summary.sentence}</strong>{' '}
        <span className="confidence">
          <ConfidenceBars z={summary.z} />
          {CONFIDENCE_WORDS[confidenceOf(summary.z)]}
        </span>
      </p>
      <p className="muted compare-basis">
        {(['a', 'b'] as const).map((side) => (
          <span key={side}>
            <span className="side-letter" data-side={side}>
              {side.toUpperCase()}
            </span>
            {basis(body[side])}
          </span>
        ))}
      </p>
      {summary.warnings.length > 0 && (
        <ul className="compare-warnings">
          {summary.warnings.map((warning) => (
            <li key={warning}>
              <Icon name="warning" />
              {warning}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
