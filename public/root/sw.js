// Works offline for what was seen: the offline page, and a person's own bookings as they last saw them.
//
// Its text names the hashed files of its release, so every release is a new worker. Free times, prices and payments are never kept.
// What belongs to a person goes when they sign out, in or up, and when their session has ended.

const STYLE = "asset:main.css";
const SHELL = ["/offline", STYLE, "asset:loader.js", "asset:icon.svg", "asset:fonts/instrument-sans-latin-wght-normal.woff2"];
const RELEASE = `release ${STYLE} asset:loader.js`;
const OWN = "own";
const KEPT = /^\/bookings(\/[0-9a-f-]{36})?$/;
const CHANGES_WHO = /^\/(sign-out|sign-in|register|reset-password|claim)(\/|$)/;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(RELEASE);
    // Without the cookie: the page of a stranger.
    await Promise.all(SHELL.map(async (path) => cache.put(path, await fetch(path, { credentials: "omit", cache: "no-cache" }))));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== RELEASE && name !== OWN) await caches.delete(name);
    await self.clients.claim();
  })());
});

async function page(request, url) {
  if (request.method === "POST" && CHANGES_WHO.test(url.pathname)) await caches.delete(OWN);
  try {
    const answer = await fetch(request);
    if (request.method === "GET" && KEPT.test(url.pathname)) await keep(request, answer.clone());
    return answer;
  } catch (cause) {
    if (request.method !== "GET") throw cause;
    const kept = KEPT.test(url.pathname) && (await (await caches.open(OWN)).match(url.pathname, { ignoreVary: true }));
    return kept ? asLastSeen(kept) : ((await caches.match("/offline", { ignoreVary: true })) ?? Promise.reject(cause));
  }
}

async function keep(request, answer) {
  if (answer.redirected || answer.status === 401) return caches.delete(OWN);
  if (!answer.ok) return;
  const headers = new Headers({ "content-type": "text/html; charset=utf-8", "x-seen-at": new Date().toISOString() });
  for (const name of ["content-security-policy"]) if (answer.headers.has(name)) headers.set(name, answer.headers.get(name));
  const cache = await caches.open(OWN);
  await cache.put(new URL(request.url).pathname, new Response(await answer.text(), { headers }));
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - 30))) await cache.delete(old);
}

async function asLastSeen(kept) {
  const seen = new Date(kept.headers.get("x-seen-at")).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const bar = `<p class="banner" role="status">You are offline. This is how the page looked on ${seen}; nothing on it can be changed until you are back.</p>`;
  const html = (await kept.text()).replace(/<main[^>]*>/, (main) => main + bar);
  return new Response(html, { headers: kept.headers });
}

async function file(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(RELEASE)).put(request, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, url));
  else if (request.method === "GET" && url.pathname.startsWith("/pkg/")) event.respondWith(file(request));
});
