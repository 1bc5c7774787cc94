import { useState } from 'react';

import type { ProfileBody } from '../../api/types.ts';
import { formatCount, formatDurationMs, formatTime, formatValue, plural } from '../../model/format.ts';
import type { ViewState } from '../../state/url.ts';
import { Icon } from '../../widgets/Icon.tsx';
import { StateLink } from '../../widgets/StateLink.tsx';
import { NARROW, useMediaQuery } from '../../widgets/use-media-query.ts';
import { ProfileActions } from './ProfileActions.tsx';
import { toTag } from './links.ts';

/** Tags that are in the title, and those that are different for each process and say nothing to people. */
const TITLE_KEYS = new Set([
  'service',
  'env',
  'version',
  'host',
  'runtime',
  'language',
  'runtime-id',
  // The same in the words of OpenTelemetry.
  'service.name',
  'service.version',
  'deployment.environment',
  'deployment.environment.name',
  'host.name',
]);
const SHOWN_TAGS = 3;

export function ProfileHeader({
  profile,
  state,
}: {
  readonly profile: ProfileBody;
  readonly state: ViewState;
}) {
  const isStored = state.source === '';
  const about: (readonly [key: string, value: string])[] = [
    ['env', profile.env],
    ['version', profile.version],
    ['host', profile.host],
    ['runtime', profile.runtime || profile.language],
  ];
  return (
    <header className="profile-header">
      <div className="profile-row">
        <div className="profile-title">
          <h1 title={profile.service}>{profile.service || '(no service)'}</h1>
          {about
            .filter(([, value]) => value !== '')
            .map(([key, value]) => (
              <Tag
                key={key}
                profile={profile}
                name={key}
                value={value}
                isLink={isStored && key !== 'runtime'}
              />
            ))}
        </div>
        <ProfileActions profile={profile} state={state} />
      </div>
      <div className="profile-row">
        <dl className="profile-facts">
          {factsOf(profile).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        <Tags profile={profile} isLink={isStored} />
      </div>
      {profile.problems.length > 0 && (
        // Without samples, why there are none is all that there is to read.
        <details className="problems" open={profile.samples === 0}>
          <summary>
            <Icon name="warning" />
            {profile.problems.length === 1
              ? 'One part could not be read in full'
              : `${profile.problems.length} parts could not be read in full`}
          </summary>
          <ul>
            {profile.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </details>
      )}
    </header>
  );
}

/** All tags but those of the title; the first few until asked for more. */
function Tags({ profile, isLink }: { readonly profile: ProfileBody; readonly isLink: boolean }) {
  const [isOpen, setOpen] = useState(false);
  // What libraries tell one another, with an underscore at its start, says the least.
  const tags = profile.tags
    .map(splitTag)
    .filter(([key]) => !TITLE_KEYS.has(key))
    .toSorted(([left], [right]) => Number(left.startsWith('_')) - Number(right.startsWith('_')));
  const most = useMediaQuery(NARROW) ? 0 : SHOWN_TAGS;
  const shown = isOpen ? tags : tags.slice(0, most);
  if (tags.length === 0) return null;
  return (
    <div className="profile-tags" role="group" aria-label="Tags">
      {shown.map(([key, value], index) => (
        // The same tag may come more than once.
        // oxlint-disable-next-line react/no-array-index-key
        <Tag key={`${key}:${value}:${index}`} profile={profile} name={key} value={value} isLink={isLink} />
      ))}
      {tags.length > most && (
        <button type="button" className="text-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Show fewer' : most === 0 ? plural(tags.length, 'tag') : `${tags.length - most} more`}
        </button>
      )}
    </div>
  );
}

function Tag(props: {
  readonly profile: ProfileBody;
  readonly name: string;
  readonly value: string;
  readonly isLink: boolean;
}) {
  const { profile, name, value, isLink } = props;
  const content = (
    <>
      <span className="muted">{name}</span> <span>{value}</span>
    </>
  );
  if (!isLink || value === '') {
    return (
      <span className="tag" title={`${name}:${value}`}>
        {content}
      </span>
    );
  }
  return (
    <StateLink
      className="tag"
      title={`All profiles with ${name}:${value}`}
      patch={toTag(profile, name, value)}
    >
      {content}
    </StateLink>
  );
}

export function splitTag(tag: string): readonly [key: string, value: string] {
  const colon = tag.indexOf(':');
  return colon < 0 ? [tag, ''] : [tag.slice(0, colon), tag.slice(colon + 1)];
}

function factsOf(profile: ProfileBody): (readonly [name: string, value: string])[] {
  const known = [
    ['cpu_cores', 'CPU', 'cores'],
    ['wall_cores', 'Wall time', 'cores'],
    ['alloc_bytes_per_second', 'Allocations', 'bytes/s'],
  ] as const;
  return [
    ['Start', formatTime(profile.start_ms)],
    ['Duration', formatDurationMs(profile.end_ms - profile.start_ms)],
    ['Samples', formatCount(profile.samples)],
    ...known.flatMap(([key, name, unit]) => {
      const value = profile.measures[key];
      return value === null || value === undefined ? [] : [[name, formatValue(value, unit)] as const];
    }),
  ];
}
