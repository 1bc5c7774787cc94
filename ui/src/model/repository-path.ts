import type { Repository } from './repository.ts';

/** Folders that builds put a repository into; the longest that fits is the one. */
const BUILD_FOLDERS = [
  '/app/',
  '/usr/src/app/',
  '/usr/src/',
  '/usr/app/',
  '/workspace/',
  '/src/',
  '/code/',
  '/project/',
  '/build/',
  '/opt/app/',
  '/srv/app/',
  '/home/app/',
  '/home/node/app/',
  '/var/task/',
  '/var/www/html/',
  '/var/www/',
  '/github/workspace/',
  '/bitbucket/pipelines/agent/build/',
  '/home/vsts/work/1/s/',
  '/__w/1/s/',
] as const;

/** Of code that came from elsewhere, whoever calls it his own. */
const FOREIGN = [
  /\/(site|dist)-packages\//,
  /(^|\/)node_modules\//,
  /\/(pkg\/mod|\.cargo\/(registry|git)|\.m2\/repository|\.nuget\/packages|gems)\//,
  /^\/(usr\/(local\/)?(lib|lib64|libexec|go)|lib|lib64|rustc|nix\/store|opt\/rh)\//,
  /\/lib\/(python|ruby)[\d.]+\//,
  /^<|^node:|^internal\/|^\(|^\[/,
];

/** A compiler names these by their last part only: it says nothing of where they are. */
const BARE_NAME = /^[^/]+\.(java|kt|kts|scala|groovy|clj)$/;

/**
 * Where a file that was built somewhere is within its repository. `undefined` where that would be a guess: a link to
 * the wrong file is worse than none.
 */
export function pathInRepository(
  file: string,
  repository: Pick<Repository, 'host' | 'path'>,
): string | undefined {
  const path = cleaned(file);
  if (path === '' || FOREIGN.some((pattern) => pattern.test(path)) || BARE_NAME.test(path)) return undefined;
  const name = repository.path.split('/').at(-1) ?? '';

  // Go says the import path: /go/src/HOST/OWNER/NAME/..., or HOST/OWNER/NAME/... where builds are trimmed.
  const imported = after(`/${path.replace(/^\//, '')}`, `/${repository.host}/${repository.path}/`);
  if (imported !== undefined) return imported;
  if (/^[\w-]+(\.[\w-]+)+\/.+@v\d|(^|\/)go\/src\/[\w-]+\.[\w.-]+\//.test(path)) return undefined;

  // What runners of continuous integration call the folder: /builds/OWNER/NAME/, /home/runner/work/NAME/NAME/.
  for (const folder of [`/${name}/${name}/`, `/${repository.path}/`]) {
    const found = after(path, folder);
    if (found !== undefined) return found;
  }
  const built = BUILD_FOLDERS.filter((folder) => path.startsWith(folder)).reduce(
    (longest, folder) => (folder.length > longest.length ? folder : longest),
    '',
  );
  if (built !== '') return path.slice(built.length) || undefined;
  if (!/^(\/|[a-z]:\/)/i.test(path)) return path;
  // A checkout in somebody's home.
  return after(path, `/${name}/`);
}

function after(path: string, folder: string): string | undefined {
  const index = path.toLowerCase().indexOf(folder.toLowerCase());
  return index < 0 ? undefined : path.slice(index + folder.length) || undefined;
}

/** One kind of slash, no scheme, nothing that only means "here". */
function cleaned(file: string): string {
  const path = file
    .trim()
    .replace(/\\/g, '/')
    .replace(/^file:\/\//, '')
    // webpack://name/./src/a.ts
    .replace(/^webpack(-internal)?:\/\/(?:\/|[^/]*\/)/, '')
    .replace(/\?[\w=&]*$/, '')
    .replace(/\/\.\//g, '/')
    .replace(/^(\.\/)+/, '');
  return /(^|\/)\.\.(\/|$)/.test(path) || /^[a-z][a-z0-9+.-]+:\/\//i.test(path) ? '' : path;
}
