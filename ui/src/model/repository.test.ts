import { describe, expect, it } from 'vitest';

import { commitUrl, parseRepository, sourceUrl, type Revision } from './repository.ts';

const COMMIT = '4298f9a1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7';

function revision(url: string, commit = COMMIT): Revision {
  const repository = parseRepository(url);
  if (!repository) throw new Error(`${url} is no repository`);
  return { repository, commit };
}

describe('a repository', () => {
  it.each([
    ['https://github.com/shop/web', 'https://github.com/shop/web', 'GitHub'],
    ['https://github.com/shop/web.git', 'https://github.com/shop/web', 'GitHub'],
    ['https://github.com/shop/web/', 'https://github.com/shop/web', 'GitHub'],
    ['https://github.com/shop/web.git/', 'https://github.com/shop/web', 'GitHub'],
    ['https://me:ghp_secret@github.com/shop/web.git', 'https://github.com/shop/web', 'GitHub'],
    ['https://token@github.com/shop/web', 'https://github.com/shop/web', 'GitHub'],
    ['git@github.com:shop/web.git', 'https://github.com/shop/web', 'GitHub'],
    ['github.com:shop/web', 'https://github.com/shop/web', 'GitHub'],
    ['ssh://git@github.com/shop/web.git', 'https://github.com/shop/web', 'GitHub'],
    ['ssh://git@github.com:22/shop/web.git', 'https://github.com/shop/web', 'GitHub'],
    ['git://github.com/shop/web', 'https://github.com/shop/web', 'GitHub'],
    ['git+ssh://git@github.com/shop/web.git', 'https://github.com/shop/web', 'GitHub'],
    ['github.com/shop/web', 'https://github.com/shop/web', 'GitHub'],
    ['GitHub.com/Shop/Web', 'https://github.com/Shop/Web', 'GitHub'],
    ['http://github.example.org/shop/web', 'http://github.example.org/shop/web', 'github.example.org'],
    ['https://gitlab.com/shop/backend/web.git', 'https://gitlab.com/shop/backend/web', 'GitLab'],
    [
      'http://gitlab.example.org:8080/shop/web.git',
      'http://gitlab.example.org:8080/shop/web',
      'gitlab.example.org:8080',
    ],
    [
      'ssh://git@gitlab.example.org:2222/shop/web.git',
      'https://gitlab.example.org/shop/web',
      'gitlab.example.org',
    ],
    ['git@git.example.org:shop/web', 'https://git.example.org/shop/web', 'git.example.org'],
    ['git@bitbucket.org:shop/web.git', 'https://bitbucket.org/shop/web', 'Bitbucket'],
    [
      'https://bitbucket.example.org/scm/shop/web.git',
      'https://bitbucket.example.org/projects/shop/repos/web',
      'bitbucket.example.org',
    ],
    [
      'ssh://git@bitbucket.example.org:7999/~ana/web.git',
      'https://bitbucket.example.org/users/ana/repos/web',
      'bitbucket.example.org',
    ],
    ['https://dev.azure.com/org/shop/_git/web', 'https://dev.azure.com/org/shop/_git/web', 'Azure DevOps'],
    [
      'https://org@dev.azure.com/org/shop/_git/web',
      'https://dev.azure.com/org/shop/_git/web',
      'Azure DevOps',
    ],
    [
      'https://dev.azure.com/org/My%20Shop/_git/web',
      'https://dev.azure.com/org/My%20Shop/_git/web',
      'Azure DevOps',
    ],
    ['https://dev.azure.com/org/_git/web', 'https://dev.azure.com/org/web/_git/web', 'Azure DevOps'],
    ['git@ssh.dev.azure.com:v3/org/shop/web', 'https://dev.azure.com/org/shop/_git/web', 'Azure DevOps'],
    ['https://org.visualstudio.com/shop/_git/web', 'https://dev.azure.com/org/shop/_git/web', 'Azure DevOps'],
    [
      'https://org.visualstudio.com/DefaultCollection/shop/_git/web',
      'https://dev.azure.com/org/shop/_git/web',
      'Azure DevOps',
    ],
    [
      'org@vs-ssh.visualstudio.com:v3/org/shop/web',
      'https://dev.azure.com/org/shop/_git/web',
      'Azure DevOps',
    ],
    ['https://codeberg.org/shop/web.git', 'https://codeberg.org/shop/web', 'Codeberg'],
  ])('%s is at %s', (text, url, site) => {
    expect(parseRepository(text)).toMatchObject({ url, site });
  });

  it.each([
    '',
    'web',
    'https://github.com/',
    'https://github.com/shop',
    '/srv/git/web.git',
    'file:///srv/git/web',
  ])('%j is none a browser can go to', (text) => expect(parseRepository(text)).toBeUndefined());

  it('never becomes an address that does something', () => {
    for (const text of ['javascript:alert(1)//x/y', 'data:text/html,x/y', 'https://evil"onclick=x/a/b']) {
      expect(parseRepository(text)?.url ?? 'https://').toMatch(/^https?:\/\//);
    }
    expect(parseRepository('git@github.com:a/b"><script>')?.url).toBe(
      'https://github.com/a/b%22%3E%3Cscript%3E',
    );
  });

  it.each([
    ['git@github.com:shop/web.git', `https://github.com/shop/web/commit/${COMMIT}`],
    ['git@gitlab.com:shop/web.git', `https://gitlab.com/shop/web/-/commit/${COMMIT}`],
    ['git@bitbucket.org:shop/web.git', `https://bitbucket.org/shop/web/commits/${COMMIT}`],
    [
      'https://bitbucket.example.org/scm/shop/web.git',
      `https://bitbucket.example.org/projects/shop/repos/web/commits/${COMMIT}`,
    ],
    ['git@ssh.dev.azure.com:v3/org/shop/web', `https://dev.azure.com/org/shop/_git/web/commit/${COMMIT}`],
    ['https://gitea.example.org/shop/web', `https://gitea.example.org/shop/web/commit/${COMMIT}`],
  ])('%s shows a commit', (text, url) => expect(commitUrl(revision(text))).toBe(url));

  it('shows no commit that is none', () => {
    for (const commit of ['', 'main', 'abc', '../../x', 'zzzzzzzz']) {
      expect(commitUrl(revision('github.com/shop/web', commit))).toBeUndefined();
      expect(
        sourceUrl(revision('github.com/shop/web', commit), { file: '/app/a.py', line: 1, kind: 0 }),
      ).toBeUndefined();
    }
  });
});

describe('the source of a frame', () => {
  it.each([
    ['git@github.com:shop/web.git', `https://github.com/shop/web/blob/${COMMIT}/shop/views.py#L12`],
    ['git@gitlab.com:shop/web.git', `https://gitlab.com/shop/web/-/blob/${COMMIT}/shop/views.py#L12`],
    ['git@bitbucket.org:shop/web.git', `https://bitbucket.org/shop/web/src/${COMMIT}/shop/views.py#lines-12`],
    [
      'https://bitbucket.example.org/scm/shop/web.git',
      `https://bitbucket.example.org/projects/shop/repos/web/browse/shop/views.py?at=${COMMIT}#12`,
    ],
    [
      'git@ssh.dev.azure.com:v3/org/shop/web',
      `https://dev.azure.com/org/shop/_git/web?path=/shop/views.py&version=GC${COMMIT}&line=12&lineEnd=13&lineStartColumn=1&lineEndColumn=1`,
    ],
    [
      'https://gitea.example.org/shop/web',
      `https://gitea.example.org/shop/web/src/commit/${COMMIT}/shop/views.py#L12`,
    ],
  ])('in %s', (text, url) => {
    expect(sourceUrl(revision(text), { file: '/app/shop/views.py', line: 12, kind: 0 })).toBe(url);
  });

  it.each([
    ['/app/shop/views.py', 'shop/views.py'],
    ['/usr/src/app/server/index.js', 'server/index.js'],
    ['/workspace/cmd/main.go', 'cmd/main.go'],
    ['/go/src/github.com/shop/web/cmd/main.go', 'cmd/main.go'],
    ['/home/dev/go/src/github.com/shop/web/main.go', 'main.go'],
    ['github.com/shop/web/cmd/main.go', 'cmd/main.go'],
    ['/home/runner/work/web/web/src/lib.rs', 'src/lib.rs'],
    ['/builds/shop/web/app/models/order.rb', 'app/models/order.rb'],
    ['/home/ana/projects/web/src/main.ts', 'src/main.ts'],
    ['C:\\agents\\2\\shop\\web\\src\\Order.cs', 'src/Order.cs'],
    ['D:\\code\\web\\src\\Order.cs', 'src/Order.cs'],
    ['file:///app/src/index.mjs', 'src/index.mjs'],
    ['webpack://shop/./src/cart.ts', 'src/cart.ts'],
    ['webpack:///./src/cart.ts?a1b2', 'src/cart.ts'],
    ['./src/app.py', 'src/app.py'],
    ['src/app.py', 'src/app.py'],
    ['app.py', 'app.py'],
    ['/var/task/handler.py', 'handler.py'],
    ['/app/a folder/ü.py', 'a%20folder/%C3%BC.py'],
    ['src/main/java/shop/Order.java', 'src/main/java/shop/Order.java'],
  ])('%s is %s', (file, path) => {
    expect(sourceUrl(revision('github.com/shop/web'), { file, line: 0, kind: 0 })).toBe(
      `https://github.com/shop/web/blob/${COMMIT}/${path}`,
    );
  });

  it.each([
    '',
    '/usr/lib/python3.11/json/decoder.py',
    '/usr/local/lib/python3.12/threading.py',
    '/home/dev/.pyenv/versions/3.11.7/lib/python3.11/threading.py',
    '/app/.venv/lib/python3.11/site-packages/django/core/handlers/base.py',
    '/app/node_modules/express/lib/router.js',
    'node_modules/express/lib/router.js',
    'node:internal/process/task_queues',
    '<frozen importlib._bootstrap>',
    '/go/pkg/mod/github.com/lib/pq@v1.10.9/conn.go',
    'github.com/lib/pq@v1.10.9/conn.go',
    '/go/src/github.com/other/thing/main.go',
    '/usr/local/go/src/runtime/proc.go',
    '/rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/core/src/fmt/mod.rs',
    '/home/dev/.cargo/registry/src/index-6f17d22bba15001f/serde-1.0.0/src/lib.rs',
    'OrderService.java',
    '/srv/elsewhere/x.py',
    '/app/../etc/passwd',
    'https://cdn.example.org/x.js',
  ])('%j is not in the repository', (file) => {
    expect(sourceUrl(revision('github.com/shop/web'), { file, line: 3, kind: 0 })).toBeUndefined();
  });

  it.each([1, 2, 4, 5] as const)('code of kind %i is never looked for in the repository', (kind) => {
    expect(sourceUrl(revision('github.com/shop/web'), { file: '/app/x.py', line: 1, kind })).toBeUndefined();
  });
});
