import type { FrameKind } from '../api/types.ts';
import { pathInRepository } from './repository-path.ts';

type Forge = 'github' | 'gitlab' | 'bitbucket' | 'bitbucket-server' | 'azure' | 'gitea';

/** Where code is kept, as far as a browser can go there. */
export interface Repository {
  readonly forge: Forge;
  /** Named on links: `GitHub`, or the host for one that somebody runs by himself. */
  readonly site: string;
  readonly host: string;
  /** Without a slash at the end. */
  readonly url: string;
  /** `shop/web`: owner and name, as they may also be in the paths of builds. */
  readonly path: string;
}

/** What a profile says about its code. */
export interface Revision {
  readonly repository: Repository;
  /** Empty where unknown: there is no link to a file then, because its lines may have moved. */
  readonly commit: string;
}

/**
 * Reads what `git remote get-url` prints in all its forms. Credentials are dropped, and what comes out is always an
 * address of the web: `git@host:a/b.git` is at `https://host/a/b`.
 */
export function parseRepository(text: string): Repository | undefined {
  const place = placeOf(text.trim());
  if (!place) return undefined;
  const { scheme, host } = place;
  const parts = place.path
    .replace(/\.git\/?$/, '')
    .split('/')
    .filter(Boolean);
  if (!/^[a-z0-9.-]+(:\d+)?$/.test(host) || parts.length === 0 || parts.some((part) => part === '..'))
    return undefined;
  const forge = forgeOf(host, parts);
  if (forge === 'azure') return azure(host, parts);
  if (parts.length < 2) return undefined;
  if (forge === 'bitbucket-server') return bitbucketServer(scheme, host, parts);
  const path = parts.join('/');
  return {
    forge,
    site: SITES[host] ?? host,
    host,
    url: `${scheme}://${host}/${parts.map(encodeURIComponent).join('/')}`,
    path,
  };
}

export function commitUrl({ repository, commit }: Revision): string | undefined {
  if (!isCommit(commit)) return undefined;
  const { forge, url } = repository;
  switch (forge) {
    case 'gitlab':
      return `${url}/-/commit/${commit}`;
    case 'bitbucket':
    case 'bitbucket-server':
      return `${url}/commits/${commit}`;
    case 'github':
    case 'gitea':
    case 'azure':
      return `${url}/commit/${commit}`;
  }
}

/** A file of the repository at the commit, at a line where one is known. */
export function fileUrl({ repository, commit }: Revision, path: string, line: number): string | undefined {
  if (!isCommit(commit)) return undefined;
  const { forge, url } = repository;
  const file = path.split('/').map(encodeURIComponent).join('/');
  switch (forge) {
    case 'github':
      return `${url}/blob/${commit}/${file}${line > 0 ? `#L${line}` : ''}`;
    case 'gitlab':
      return `${url}/-/blob/${commit}/${file}${line > 0 ? `#L${line}` : ''}`;
    case 'gitea':
      return `${url}/src/commit/${commit}/${file}${line > 0 ? `#L${line}` : ''}`;
    case 'bitbucket':
      return `${url}/src/${commit}/${file}${line > 0 ? `#lines-${line}` : ''}`;
    case 'bitbucket-server':
      return `${url}/browse/${file}?at=${commit}${line > 0 ? `#${line}` : ''}`;
    case 'azure': {
      const lines = line > 0 ? `&line=${line}&lineEnd=${line + 1}&lineStartColumn=1&lineEndColumn=1` : '';
      return `${url}?path=/${file}&version=GC${commit}${lines}`;
    }
  }
}

/** A frame, as far as it matters for where its code is. */
export interface CodePlace {
  readonly file: string;
  readonly line: number;
  readonly kind: FrameKind | undefined;
}

/** Where the code of a frame can be read; `undefined` for code that is not in the repository, or may not be. */
export function sourceUrl(revision: Revision, { file, line, kind }: CodePlace): string | undefined {
  // Libraries, the standard library, the kernel and the runtime are somebody else's code.
  if (kind === 1 || kind === 2 || kind === 4 || kind === 5) return undefined;
  const path = pathInRepository(file, revision.repository);
  return path === undefined ? undefined : fileUrl(revision, path, line);
}

const SITES: Readonly<Record<string, string>> = {
  'github.com': 'GitHub',
  'gitlab.com': 'GitLab',
  'bitbucket.org': 'Bitbucket',
  'codeberg.org': 'Codeberg',
};

interface Place {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly path: string;
}

function placeOf(text: string): Place | undefined {
  // git@github.com:shop/web.git, which is no URL.
  const scp = /^(?:[^@/\s]+@)?([^:/\s@]+):(?!\/\/)(?!\d+\/)(.+)$/.exec(text);
  if (scp?.[1] && scp[2]) return { scheme: 'https', host: scp[1].toLowerCase(), path: scp[2] };
  if (/^[/.~]/.test(text)) return undefined;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  let url: URL;
  let path: string;
  try {
    url = new URL(hasScheme ? text : `https://${text}`);
    path = decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
  const protocol = url.protocol.replace(':', '').replace('git+', '');
  if (!['http', 'https', 'ssh', 'git'].includes(protocol)) return undefined;
  const isWeb = protocol === 'http' || protocol === 'https';
  return {
    scheme: protocol === 'http' ? 'http' : 'https',
    // The port of SSH is not that of the web.
    host: (isWeb ? url.host : url.hostname).toLowerCase(),
    path,
  };
}

function forgeOf(host: string, parts: readonly string[]): Forge {
  if (/(^|\.)dev\.azure\.com$|(^|\.)visualstudio\.com$/.test(host) || parts.includes('_git')) return 'azure';
  if (host === 'bitbucket.org') return 'bitbucket';
  if (/bitbucket|^stash\./.test(host) || parts[0] === 'scm') return 'bitbucket-server';
  if (/github/.test(host)) return 'github';
  if (/gitea|forgejo|codeberg/.test(host)) return 'gitea';
  // Whoever calls a host git.example.org most often runs GitLab there.
  return 'gitlab';
}

/** `dev.azure.com/org/project/_git/repo`, the older `org.visualstudio.com`, and both over SSH as `v3/org/project/repo`. */
function azure(host: string, parts: readonly string[]): Repository | undefined {
  const isSsh = parts[0] === 'v3';
  const mark = parts.indexOf('_git');
  const older = /^([^.]+)\.visualstudio\.com$/.exec(host);
  const organization = isSsh ? parts[1] : older && older[1] !== 'vs-ssh' ? older[1] : parts[0];
  const name = isSsh ? parts[3] : mark < 0 ? undefined : parts[mark + 1];
  const named = isSsh ? parts[2] : parts[mark - 1];
  if (!organization || !name) return undefined;
  // `org/_git/repo` is short for a project of the same name.
  const isShort = !isSsh && (mark === 0 || named === organization || named === 'DefaultCollection');
  const project = isShort ? name : named;
  if (!project) return undefined;
  const onPremises = !/azure\.com$|visualstudio\.com$/.test(host);
  const url = onPremises
    ? `https://${host}/${parts
        .slice(0, mark + 2)
        .map(encodeURIComponent)
        .join('/')}`
    : `https://dev.azure.com/${[organization, project, '_git', name].map(encodeURIComponent).join('/')}`;
  return { forge: 'azure', site: onPremises ? host : 'Azure DevOps', host, url, path: `${project}/${name}` };
}

/** `host/scm/PROJECT/repo` over HTTP, `host/PROJECT/repo` over SSH; `~name` is the project of a person. */
function bitbucketServer(scheme: string, host: string, parts: readonly string[]): Repository | undefined {
  const [project, name] = parts.filter((part) => part !== 'scm').slice(-2);
  if (!project || !name) return undefined;
  const owner = project.startsWith('~')
    ? `users/${encodeURIComponent(project.slice(1))}`
    : `projects/${encodeURIComponent(project)}`;
  const url = `${scheme}://${host}/${owner}/repos/${encodeURIComponent(name)}`;
  return { forge: 'bitbucket-server', site: host, host, url, path: `${project}/${name}` };
}

function isCommit(text: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(text);
}
