import { Fragment, useState, type ReactNode } from 'react';

import type { ProfileBody } from '../../api/types.ts';
import {
  formatBytes,
  formatCompact,
  formatCount,
  formatDurationMs,
  formatTime,
  formatValue,
} from '../../model/format.ts';
import { sizeOf } from '../../model/setting-size.ts';
import { measureName } from '../../model/measure-name.ts';
import { flattened } from '../../model/flatten.ts';
import type { ViewState } from '../../state/url.ts';
import { CopyButton } from '../../widgets/CopyButton.tsx';
import { Icon } from '../../widgets/Icon.tsx';
import { StateLink } from '../../widgets/StateLink.tsx';
import { toTag } from './links.ts';
import { attachmentUrl } from './ProfileActions.tsx';
import { splitTag } from './ProfileHeader.tsx';
import './runtime-info.css';

type Fact = readonly [name: string, value: string, shown?: ReactNode];

interface SectionInfo {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** Where there is nothing, and that is worth saying. */
  readonly none?: string;
}

/** Everything the upload said about its process and itself. */
export function RuntimeInfo({
  profile,
  state,
}: {
  readonly profile: ProfileBody;
  readonly state: ViewState;
}) {
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const sections = sectionsOf(profile, state)
    .map((section) => ({
      ...section,
      facts: section.facts.filter(([name, value]) => `${name} ${value}`.toLowerCase().includes(wanted)),
    }))
    .filter(({ facts, none }) => facts.length > 0 || (wanted === '' && none !== undefined));
  return (
    <div className="runtime-info">
      <div className="runtime-info-bar">
        <input
          type="text"
          aria-label="Search in the runtime info"
          placeholder="Search settings, tags and libraries"
          value={text}
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
        <CopyButton
          label="Copy everything as JSON"
          text={() => JSON.stringify(Object.fromEntries(asJson(profile)), null, 2)}
        />
      </div>
      {/* Scrollable regions must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="details" tabIndex={0} role="region" aria-label="Runtime info">
        <div>
          {sections.map(({ title, facts, none }) => (
            <section key={title}>
              <h2>
                {title} {facts.length > 8 && <span className="muted">{formatCount(facts.length)}</span>}
              </h2>
              {facts.length === 0 ? <p className="muted">{none}</p> : <Facts facts={facts} />}
            </section>
          ))}
          {sections.length === 0 && <p className="muted">Nothing here has “{text.trim()}” in it.</p>}
        </div>
      </div>
    </div>
  );
}

const MOST_SHOWN = 40;

function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? facts : facts.slice(0, MOST_SHOWN);
  return (
    <>
      <dl className="facts">
        {shown.map(([name, value, content], index) => (
          // The same tag may come more than once.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={`${name}-${index}`}>
            <dt>
              <Breakable text={name} />
            </dt>
            <dd>
              {content ?? value}
              {content === undefined && <Size name={name} value={value} />}
            </dd>
          </div>
        ))}
      </dl>
      {facts.length > MOST_SHOWN && (
        <button type="button" className="text-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show fewer' : `Show all ${formatCount(facts.length)}`}
        </button>
      )}
    </>
  );
}

/** May be broken before each capital letter, as people would, and not in the middle of a word. */
function Breakable({ text }: { readonly text: string }) {
  return text.split(/(?<=[a-z\d])(?=[A-Z])|(?<=[._/-])(?=\w)/).map((part, index) => (
    // Parts have no other name than their place.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

/** Large numbers of bytes as people say them. */
function Size({ name, value }: { readonly name: string; readonly value: string }) {
  const text = sizeOf(name, value);
  return text === '' ? null : <span className="muted"> {text}</span>;
}

function sectionsOf(profile: ProfileBody, state: ViewState): SectionInfo[] {
  const isStored = state.source === '';
  const tagFact = (tag: string): Fact => {
    const [key, value] = splitTag(tag);
    return [
      key,
      value,
      isStored && value ? (
        <StateLink key={tag} title={`All profiles with ${tag}`} patch={toTag(profile, key, value)}>
          {value}
        </StateLink>
      ) : undefined,
    ];
  };
  const info = flattened(profile.info);
  const infoOf = (prefix: string): Fact[] =>
    info
      .filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, value]) => [name.slice(prefix.length + 1), value]);
  const known = [
    'runtime',
    'application',
    'platform',
    'profiler.settings',
    'profiler',
    'flags',
    'properties',
  ];
  const profiler = infoOf('profiler').filter(([name]) => !name.startsWith('settings.'));
  const rest = info.filter(([name]) => !known.some((prefix) => name.startsWith(`${prefix}.`)));
  const endpoints = Object.entries(profile.endpoint_counts).toSorted(([, left], [, right]) => right - left);
  return [
    {
      title: 'Upload',
      facts: [
        ['Id', profile.id],
        ['Period', `${formatTime(profile.start_ms)}, ${formatDurationMs(profile.end_ms - profile.start_ms)}`],
        ['Received', formatTime(profile.received_ms)],
        ['Size', formatBytes(profile.upload_bytes)],
        ['Family', profile.family],
        ['Runtime id', profile.runtime_id],
      ],
    },
    { title: 'Process', facts: profile.process_tags.map((tag) => splitTag(tag)) },
    { title: 'Runtime', facts: infoOf('runtime') },
    { title: 'Application', facts: infoOf('application') },
    { title: 'Platform', facts: infoOf('platform') },
    { title: 'Profiler', facts: profiler },
    { title: 'Settings of the profiler', facts: infoOf('profiler.settings') },
    { title: 'Flags that are not the default', facts: infoOf('flags') },
    { title: 'System properties', facts: infoOf('properties') },
    { title: 'Other information', facts: rest },
    {
      title: 'Attachments',
      none: 'The upload came without any.',
      facts: profile.attachments.map(({ filename, size, encoding }): Fact => {
        const about = `${formatBytes(size)}${encoding && encoding !== 'plain' ? `, ${encoding}` : ''}`;
        return [
          filename,
          about,
          <a key={filename} download href={attachmentUrl(profile.id, filename, state.source)}>
            <Icon name="download" /> {about}
          </a>,
        ];
      }),
    },
    {
      title: 'Value types',
      none: 'No samples could be read.',
      facts: profile.types.map((type): Fact => {
        const total = formatValue(type.total, type.unit);
        return [
          type.name,
          `${total} ${type.description}`,
          <span key={type.name} title={type.description}>
            {total}
            {type.kind === 'snapshot' && <span className="muted"> at its end</span>}
          </span>,
        ];
      }),
    },
    { title: 'Tags', none: 'None came with this upload.', facts: profile.tags.map(tagFact) },
    {
      title: 'Metrics',
      facts: Object.entries(profile.metrics).map(([name, value]) => {
        const { label, unit } = measureName(`metrics.${name}`);
        const text = unit && unit !== 'count' ? formatValue(value, unit) : plainNumber(value);
        return [
          label,
          `${text} ${name}`,
          <span key={name} title={name}>
            {text}
          </span>,
        ];
      }),
    },
    {
      title: 'Endpoint calls',
      none: 'The client does not count the calls of endpoints.',
      facts: endpoints.map(([endpoint, count]) => [endpoint, formatCount(count)]),
    },
    {
      title: 'Libraries',
      none: 'The client does not say where code comes from.',
      facts: profile.code_provenance.map(({ name, version, kind }): Fact => {
        const isPlain = kind === 'library';
        return [name, [version, isPlain ? '' : kind].filter(Boolean).join(', ') || 'version unknown'];
      }),
    },
  ];
}

function plainNumber(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : formatCompact(value);
}

function asJson(profile: ProfileBody): (readonly [string, unknown])[] {
  const { tags, process_tags, info, metrics, endpoint_counts, code_provenance } = profile;
  return Object.entries({
    id: profile.id,
    tags,
    process_tags,
    info,
    metrics,
    endpoint_counts,
    code_provenance,
  });
}
