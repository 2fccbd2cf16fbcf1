// Starts the islands of a page. Fetches nothing where there are none.
//
// An island starts when it is in view and the browser is idle (within 1.5 s), or at once when someone touches it. Below an
// element with data-start="interaction" it waits for the first sign of a person, below data-start="soon" for nothing but an
// idle moment, with data-start="use" until it is used. One that fails stays as the server drew it.

const SCRIPT = "asset:fettle.js";
const MODULE = "asset:fettle_bg.wasm";
const ISLAND = "leptos-island";
const SIGNS = ["pointermove", "pointerdown", "keydown", "scroll", "focusin"];

const started = new WeakMap();
const idle = (work) => (window.requestIdleCallback ?? setTimeout)(work, { timeout: 1500 });
let hasTyped = false;
let code;

const isGone = async (address) => (await fetch(address, { method: "HEAD" })).status === 404;

// A page of an older release asks for files that are no longer there: once, take the new page. Not over what someone typed.
function takeNewRelease() {
  if (hasTyped || sessionStorage.getItem("reloaded") === import.meta.url) return;
  sessionStorage.setItem("reloaded", import.meta.url);
  location.reload();
}

function load() {
  code ??= (async () => {
    const module_or_path = fetch(MODULE);
    const script = await import(SCRIPT);
    await script.default({ module_or_path });
    script.start();
    return script;
  })().catch(async (cause) => {
    code = undefined;
    if ((await isGone(SCRIPT)) || (await isGone(MODULE))) takeNewRelease();
    throw cause;
  });
  return code;
}

// The chunks an island needs travel beside the module instead of after it.
async function fetchAhead(name) {
  const script = await import(SCRIPT);
  for (const file of script.needs[name.replace(/_\d+$/, "")] ?? []) {
    const href = new URL(file, new URL(SCRIPT, location)).href;
    if (document.head.querySelector(`link[href="${href}"]`)) continue;
    document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "fetch", crossOrigin: "", href }));
  }
}

async function run(island) {
  const name = island.dataset.component;
  try {
    // a page that was kept for times without a network
    if (!navigator.onLine) await new Promise((go) => addEventListener("online", go, { once: true }));
    const outer = island.parentElement.closest(ISLAND);
    const [script] = await Promise.all([load(), fetchAhead(name), outer && start(outer)]);
    island.closest("leptos-children")?.$$on_hydrate?.();
    await script[name](island);
    island.dataset.state = "on";
  } catch (cause) {
    island.dataset.state = "off";
    console.error(`The island ${name} did not start.`, cause);
  }
}

function start(island) {
  if (!started.has(island)) {
    started.set(island, run(island));
  }
  return started.get(island);
}

const views = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    views.unobserve(target);
    idle(() => start(target.closest(ISLAND)));
  }
}, { rootMargin: "200px" });

function await_view(island) {
  // The island itself has no box; what it holds may have none yet either.
  const box = island.firstElementChild;
  if (box?.getClientRects().length && !island.closest("[data-start=soon]")) views.observe(box);
  else idle(() => start(island));
}

// What opens a dialog starts the island around it.
const islandOf = (target) => target.closest?.(ISLAND) ?? document.getElementById(target.closest?.("[data-opens]")?.dataset.opens)?.closest(ISLAND);

// Keys press what names them in data-keys: "Mod+k", "?", "g t". Not while someone writes.
let before = ["", 0];
function keyed(event) {
  const isChord = event.ctrlKey || event.metaKey;
  if (event.altKey || event.isComposing) return;
  if (!isChord && (localStorage.keys === "off" || event.target.closest?.("input, textarea, select, dialog"))) return;
  const key = isChord ? `Mod+${event.key}` : event.key;
  const names = event.timeStamp - before[1] < 1500 ? [`${before[0]} ${key}`, key] : [key];
  before = [key, event.timeStamp];
  const found = names.map((name) => document.querySelector(`[data-keys="${CSS.escape(name)}"]`)).find(Boolean);
  if (!found) return;
  event.preventDefault();
  found.click();
}

// Someone is quicker than we are: start at once, and repeat a press that only a script can answer.
function touched(event) {
  const island = islandOf(event.target);
  if (!island || island.dataset.state) return;
  const begun = start(island);
  const button = event.type === "click" && event.target.closest("button[type=button]");
  if (button) begun.then(() => button.isConnected && island.dataset.state === "on" && button.click());
}

const islands = document.querySelectorAll(ISLAND);
if (islands.length) {
  const later = [];
  for (const island of islands) {
    if (island.closest("[data-start=use]")) continue;
    if (island.closest("[data-start=interaction]")) later.push(island);
    else await_view(island);
  }
  if (later.length) {
    const begin = () => {
      for (const sign of SIGNS) removeEventListener(sign, begin, true);
      later.forEach(await_view);
    };
    for (const sign of SIGNS) addEventListener(sign, begin, { capture: true, passive: true });
  }
  for (const kind of ["pointerdown", "focusin", "keydown", "click"]) document.addEventListener(kind, touched, true);
  // A part of the page was drawn afresh.
  document.addEventListener("fettle:drawn", () => {
    for (const island of document.querySelectorAll(ISLAND)) started.has(island) || island.closest("[data-start=use]") || await_view(island);
  });
  addEventListener("keydown", keyed);
  addEventListener("input", () => (hasTyped = true), true);
  addEventListener("fettle:lost", ({ detail }) => {
    console.error("A part of this page could not be loaded.", detail.cause);
    if (detail.isGone) takeNewRelease();
  });
}

// Pages that were seen work offline; see root/sw.js. Not before the page itself is done.
if (navigator.serviceWorker) addEventListener("load", () => idle(() => navigator.serviceWorker.register("/sw.js").catch(() => {})));
