import { useState } from 'react';

import { apiUrl } from '../../api/client.ts';
import { sampleParams } from '../../api/queries.ts';
import { hasFlameImage, saveFlameImage, type ImageCaption } from '../../flame/export-image.ts';
import { ancestry, apiKey, at, nodeName } from '../../model/call-tree.ts';
import { csvOf } from '../../model/csv.ts';
import { middleEllipsis } from '../../model/format.ts';
import { formatNormalized, normalizerOf } from '../../model/normalize.ts';
import { embedSnippet, narrowedBy } from '../../model/share.ts';
import { describeRange } from '../../model/time-range.ts';
import { rowsOfSubtree, sortedRows } from '../../model/top.ts';
import { useViewState } from '../../state/use-view-state.ts';
import { CopyItem } from '../../widgets/CopyButton.tsx';
import { saveText } from '../../widgets/save-file.ts';
import { Segmented } from '../../widgets/Segmented.tsx';
import { PermalinkItem } from './PermalinkItem.tsx';
import type { ShareMenuProps } from './ShareMenu.tsx';
import './share.css';

type Extent = 'whole' | 'zoomed';

export function SharePanel({ scope, question, tree, zoomed = 0 }: ShareMenuProps) {
  const [state] = useViewState();
  const isZoomed = tree !== undefined && zoomed > 0;
  const [extent, setExtent] = useState<Extent>(isZoomed ? 'zoomed' : 'whole');
  const isPart = isZoomed && extent === 'zoomed';
  const frame = isPart ? middleEllipsis(nodeName(tree, zoomed), 40) : '';
  const narrowed = narrowedBy(state);

  const params: (readonly [string, string])[] = [...scope.params, ...sampleParams(question)];
  const focused: (readonly [string, string])[] = isPart
    ? [...params, ['transform', `focus:${frameName(apiKey(tree, zoomed))}`]]
    : params;
  const exportUrl = (format: string): string => apiUrl('/export', [...focused, ['format', format]]);
  const part = isPart ? `what ${frame} leads to, wherever it is called` : 'every stack in scope';
  const jsonUrl = isPart
    ? apiUrl('/flamegraph', [
        ...params,
        ['granularity', state.granularity],
        ['max_nodes', '65536'],
        ...ancestry(tree, zoomed).map((node): [string, string] => ['path', apiKey(tree, node)]),
      ])
    : exportUrl('json');

  return (
    <div className="share-panel">
      <section aria-label="Link">
        <h2>Link</h2>
        <CopyItem
          text={() => location.href}
          name="Copy link"
          about={
            state.link
              ? 'this view as it is, with the profiles that are pinned'
              : 'this view as it is; the profiles in it go when retention takes them'
          }
        />
        <PermalinkItem link={state.link} />
        {tree && (
          <CopyItem
            text={() => embedSnippet(state, location.origin)}
            name="Copy HTML to embed"
            about="the flame graph in a page elsewhere; the server must allow that page in embed_origins"
          />
        )}
      </section>
      <section aria-label="Files">
        <header>
          <h2>Files</h2>
          {isZoomed && (
            <Segmented<Extent>
              label="What files hold"
              value={extent}
              options={[
                { value: 'zoomed', label: 'Zoomed part' },
                { value: 'whole', label: 'Everything' },
              ]}
              onChange={setExtent}
            />
          )}
        </header>
        <p className="muted">
          {part}
          {narrowed && `, with ${narrowed}`}
        </p>
        <FileItem name="pprof" href={exportUrl('pprof')} about="for go tool pprof, speedscope and Perfetto" />
        <FileItem
          name="OTLP"
          href={exportUrl('otlp')}
          about="OpenTelemetry profiles, as receivers take them"
        />
        <FileItem
          name="Collapsed stacks"
          href={exportUrl('collapsed')}
          about="one line per stack and its value"
        />
        <FileItem name="SVG" href={exportUrl('svg')} about="a picture of the flame graph that scales" />
        <FileItem
          name="JSON"
          href={jsonUrl}
          about={
            isPart ? 'the part exactly as it is shown, by columns' : 'the flame graph as the API answers'
          }
        />
        {hasFlameImage() && (
          <button
            type="button"
            className="menu-item"
            onClick={() => void saveFlameImage(caption(), question.type || 'flame-graph')}
          >
            <span className="strong">PNG</span>
            <span className="muted">the flame graph as it is in sight now</span>
          </button>
        )}
        {tree && (
          <button
            type="button"
            className="menu-item"
            onClick={() => saveText(functionsCsv(isPart ? zoomed : 0), `${tree.type}.csv`)}
          >
            <span className="strong">CSV of functions</span>
            <span className="muted">
              {isPart
                ? `self and total of each function below ${frame}`
                : 'self and total of each function shown'}
            </span>
          </button>
        )}
      </section>
    </div>
  );

  function caption(): ImageCaption {
    const zoomedOn = tree && zoomed > 0 ? nodeName(tree, zoomed) : '';
    const amount = tree
      ? formatNormalized(at(tree.totals, zoomed), tree.unit, normalizerOf(tree, state.normalize))
      : '';
    return {
      title: [state.query.trim() || (state.profile ? 'One profile' : 'All profiles'), question.type, amount]
        .filter(Boolean)
        .join(' · '),
      subtitle: [
        state.profile ? '' : describeRange(state, Date.now()),
        zoomedOn && `zoomed in on ${zoomedOn}`,
        narrowed && `with ${narrowed}`,
      ]
        .filter(Boolean)
        .join(', '),
    };
  }

  function functionsCsv(root: number): string {
    if (!tree) return '';
    const whole = at(tree.totals, root);
    return csvOf(
      [
        'function',
        'file',
        'module',
        `self (${tree.unit})`,
        `total (${tree.unit})`,
        'share of self',
        'share of total',
      ],
      sortedRows(rowsOfSubtree(tree, root), '-self', '').map((row) => [
        row.name,
        row.file,
        row.module,
        row.self,
        row.total,
        row.self / whole,
        row.total / whole,
      ]),
    );
  }
}

function FileItem(props: { readonly name: string; readonly href: string; readonly about: string }) {
  return (
    <a className="menu-item" download href={props.href}>
      <span className="strong">{props.name}</span>
      <span className="muted">{props.about}</span>
    </a>
  );
}

/** Without the line, which is 0 where nodes are functions and would be taken for one. */
function frameName(key: string): string {
  const [name = '', file = '', module = '', line = ''] = key.split('\t');
  return [name, file, module, ...(line && line !== '0' ? [line] : [])].join('\t').replace(/\t+$/, '');
}
