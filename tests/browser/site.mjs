// A web server on the loopback for a frontend's page: the page, its program, and the packages where `npm install` puts them, with an
// import map in place of a bundler.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['@guichet/client', 'openapi-fetch'];

/** Where the module of an installed package begins, by its own account. */
async function entry(modules, name) {
  const { exports } = JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8'));
  const { import: forModules, default: otherwise } = exports['.'];
  return join('/modules', name, forModules ?? otherwise);
}

async function page(modules) {
  const imports = {};
  for (const name of PACKAGES) imports[name] = await entry(modules, name);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>A frontend</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="/page.js"></script>
</html>
`;
}

/** Serves the page with the packages of a directory `node_modules`, at an origin of its own. */
export async function startSite(modules) {
  const html = await page(modules);
  const answer = async (path) => {
    if (path === '/') return ['text/html', html];
    if (path === '/page.js') return ['text/javascript', await readFile(fileURLToPath(new URL('frontend_page.js', import.meta.url)))];
    if (!path.startsWith('/modules/') || !/\.m?js$/.test(path)) throw new Error(`nothing at ${path}`);
    return ['text/javascript', await readFile(join(modules, normalize(path.slice('/modules'.length))))];
  };
  const server = createServer((request, response) => {
    answer(new URL(request.url, 'http://site').pathname).then(
      ([type, body]) => response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body),
      (error) => response.writeHead(404).end(error.message),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}
