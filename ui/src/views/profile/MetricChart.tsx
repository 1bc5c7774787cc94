import { useMemo } from 'react';

import type { ProfileId } from '../../api/types.ts';
import { dotPath, median, nearest, plotBox, xOf, yOf } from '../../model/dot-plot.ts';
import { formatRound, formatTick, formatTimeShort, formatValue, plural } from '../../model/format.ts';
import { measureName } from '../../model/measure-name.ts';
import type { ListedProfile } from '../../model/neighbors.ts';
import { useViewState } from '../../state/use-view-state.ts';
import { toProfile } from './links.ts';

const SIZE = { width: 300, height: 84 };

interface MetricChartProps {
  readonly name: string;
  readonly unit: string;
  readonly profiles: readonly ListedProfile[];
  readonly own: ProfileId;
  readonly sameProcess: ReadonlySet<ProfileId>;
  readonly range: { readonly fromMs: number; readonly toMs: number };
  /** The profile under the pointer, in whichever of the charts. */
  readonly pointedId: ProfileId | null;
  readonly onPoint: (id: ProfileId | null) => void;
}

/** One measure of many profiles, a dot each. */
export function MetricChart(props: MetricChartProps) {
  const { name, unit, profiles, own, sameProcess, range, pointedId, onPoint } = props;
  const [, update] = useViewState();
  const dots = useMemo(
    () =>
      profiles.flatMap((profile) => {
        const value = profile.measures[name];
        return typeof value === 'number'
          ? [{ id: profile.id, host: profile.host, timeMs: (profile.startMs + profile.endMs) / 2, value }]
          : [];
      }),
    [profiles, name],
  );
  const box = useMemo(() => plotBox(dots, SIZE, range), [dots, range]);
  const paths = useMemo(
    () => ({
      other: dotPath(
        box,
        dots.filter(({ id }) => id !== own && !sameProcess.has(id)),
      ),
      same: dotPath(
        box,
        dots.filter(({ id }) => id !== own && sameProcess.has(id)),
      ),
    }),
    [box, dots, own, sameProcess],
  );
  const shown = dots.find(({ id }) => id === own);
  const pointed = dots.find(({ id }) => id === pointedId);
  const middle = median(dots.map(({ value }) => value));
  const { label } = measureName(name);
  const most = formatRound(box.most, unit);
  const said = shown ? formatValue(shown.value, unit) : 'not in this profile';
  const summary = `${label}: ${said}, median ${middle === undefined ? 'unknown' : formatValue(middle, unit)} of ${plural(dots.length, 'profile')}`;
  const at = (event: React.PointerEvent<SVGSVGElement> | React.MouseEvent<SVGSVGElement>) => {
    const area = event.currentTarget.getBoundingClientRect();
    return nearest(
      box,
      dots,
      ((event.clientX - area.left) / area.width) * SIZE.width,
      ((event.clientY - area.top) / area.height) * SIZE.height,
    );
  };
  return (
    <figure className="metric">
      <figcaption>
        <span className="strong" title={name}>
          {label}
        </span>
        {pointed && pointed.id !== own ? (
          <span className="metric-value">
            {formatValue(pointed.value, unit)}{' '}
            <span className="muted">
              {formatTimeShort(pointed.timeMs, range.toMs)}
              {pointed.host && ` · ${pointed.host}`}
            </span>
          </span>
        ) : (
          <span className="metric-value">{said}</span>
        )}
      </figcaption>
      {/* The pointer is a second way: the list of related profiles has the same links. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions */}
      <svg
        viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary}
        data-pointed={pointed !== undefined}
        onPointerMove={(event) => onPoint(at(event)?.id ?? null)}
        onPointerLeave={() => onPoint(null)}
        onClick={(event) => {
          const dot = at(event);
          if (dot && dot.id !== own) update(toProfile(dot.id));
        }}
      >
        <line className="metric-zero" x1="0" x2={SIZE.width} y1={yOf(box, 0)} y2={yOf(box, 0)} />
        {shown && (
          <line
            className="metric-now"
            x1={xOf(box, shown.timeMs)}
            x2={xOf(box, shown.timeMs)}
            y1="0"
            y2={SIZE.height}
          />
        )}
        <path className="metric-dots" data-dot="other" d={paths.other} />
        <path className="metric-dots" data-dot="same" d={paths.same} />
        {shown && <path className="metric-dots" data-dot="this" d={dotPath(box, [shown])} />}
        {pointed && <path className="metric-dots" data-dot="pointed" d={dotPath(box, [pointed])} />}
      </svg>
      <div className="metric-axis muted" aria-hidden="true">
        <span>{formatTick(range.fromMs, range.toMs - range.fromMs)}</span>
        <span>
          {middle !== undefined && `median ${withoutUnit(formatValue(middle, unit), most)}, `}
          up to {most}
        </span>
        <span>{formatTick(range.toMs, range.toMs - range.fromMs)}</span>
      </div>
    </figure>
  );
}

/** A number without its unit where the one beside it has the same. */
function withoutUnit(text: string, other: string): string {
  const unit = /[^\d.,]+$/.exec(other)?.[0] ?? '';
  return unit !== '' && text.endsWith(unit) ? text.slice(0, -unit.length) : text;
}
