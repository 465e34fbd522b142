// Keeps the program of the bedside on this tablet, and shows it where a page is asked for and the server is away. While the
// server answers, every page comes from it: what is kept is under /offline/, where no page of the server is.
// SHELL and FILES ({name: [address, hash]}) stand before this text (routes/shell.py): a new program is a new worker.

const PREFIX = "/offline/";
const PATIENCE_MS = 8000;
const HEADERS = ["content-type", "content-security-policy", "x-content-type-options"];
const GATEWAY = [502, 504]; // what a proxy says when the server behind it is away
const PAGE = /^\/[A-Za-z0-9_-]*\/?$/;

async function keepShell() {
  const shell = await caches.open(SHELL);
  await Promise.all(Object.entries(FILES).map(async ([name, [address, integrity]]) => {
    const answer = await fetch(address, { integrity, cache: "no-cache" });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    // Made anew: one that still says where it came from would have its modules look for each other there.
    const headers = Object.fromEntries(HEADERS.map((header) => [header, answer.headers.get(header) ?? ""]));
    await shell.put(PREFIX + name, new Response(await answer.blob(), { headers }));
  }));
}

async function dropFormer() {
  for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== SHELL) await caches.delete(name);
  await self.clients.claim();
}

async function kept(path) {
  const shell = await caches.open(SHELL);
  return (await shell.match(path)) ?? Response.error();
}

async function page(request) {
  const late = new Promise((_, give) => setTimeout(give, PATIENCE_MS));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (!GATEWAY.includes(answer.status)) return answer;
  } catch {
    // the server is away
  }
  return kept(`${PREFIX}away.html`);
}

self.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(dropFormer()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== location.origin || event.request.method !== "GET") return;
  if (pathname.startsWith(PREFIX)) event.respondWith(kept(pathname));
  else if (event.request.mode === "navigate" && PAGE.test(pathname)) event.respondWith(page(event.request));
});
