// The page that this server draws, kept as bytes and let out while one query says that it is still true: what ours does, as plainly as here it can be done.
import pg from "pg";

export const dynamic = "force-dynamic";

const pool = (globalThis.peerPool ??= new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 }));
/** By slug: the version it was drawn of, when, and the bytes, which come. */
const kept = (globalThis.peerKept ??= new Map());
/** In milliseconds, as ours. */
const AGE = 10_000;
const VERSION = `select s.epoch, p.status, p.updated_at,
    (
      select coalesce(bit_xor(hashint8extended(e.id, 0)), 0)
      from (select id from events where provider_id = p.id order by id desc limit 256) e
    ) as latest
  from spine s, providers p
  where p.slug = $1`;

const draw = async (address) => new Uint8Array(await (await fetch(address, { cache: "no-store" })).arrayBuffer());

export async function GET(request, { params }) {
  const { slug } = await params;
  const { rows } = await pool.query({ name: "version", text: VERSION, values: [slug] });
  if (rows.length === 0) return new Response(null, { status: 404 });
  const [version, now] = [JSON.stringify(rows[0]), Date.now()];
  let page = kept.get(slug);
  if (page?.version !== version || now - page.drawnAt >= AGE) {
    page = { version, drawnAt: now, bytes: draw(`http://${request.headers.get("host")}/p/${slug}`) };
    kept.set(slug, page);
  }
  return new Response(await page.bytes, { headers: { "content-type": "text/html; charset=utf-8" } });
}
