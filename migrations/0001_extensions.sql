-- Overlap constraints need btree_gist; search needs trigrams and folded accents.
create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- unaccent() is only stable, because its dictionary may change; indexes need an immutable one. The dictionary is named, so it does not depend on search_path.
create function fold(value text) returns text
    language sql immutable parallel safe strict
    return lower(public.unaccent('public.unaccent'::regdictionary, value));
