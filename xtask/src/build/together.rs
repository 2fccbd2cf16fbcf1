//! Which islands share a file, and what is in none.
//!
//! The splitter makes a file for every lazy function and one more for every set of them that shares code, so ten islands end in
//! more than a hundred files, each too short to compress well. Islands that are wanted by the same pages are given the same name
//! before it looks, and it keeps them together.

use super::glue;
use anyhow::{Context, Result, anyhow, ensure};
use std::collections::BTreeMap;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ExportSection, ImportSection, Module, RawSection};
use wasmparser::{Parser, Payload};

/// File → the islands in it. An island that is not named here has a file of its own.
const FILES: &[(&str, &[&str])] = &[
    ("checkout", &["PayByCard", "RunHold", "SendChosen", "SuggestStreets"]),
    ("desk", &["Copy", "DragCalendar", "FollowPart", "OpenDialogs", "PaintWeek", "Palette"]),
];

/// In the names of exports that the linker keeps and nobody calls: streams that Rust would hand to the browser, from wasm-streams,
/// which Leptos' server functions depend on. What only they reach would stand in the first file.
const UNCALLED: &str = "intounderlying";

/// Names of a lazy function: its import, its export, and the import that loads its file.
const POINT: &str = "__wasm_split_00";
const LOADER: &str = "__wasm_split_load_";

/// Renames the split points of the islands that belong together, and leaves out the exports that nobody calls. Answers the module, and
/// the split point behind each island.
pub fn group(module: &[u8]) -> Result<(Vec<u8>, BTreeMap<String, String>)> {
    let mut points = BTreeMap::new();
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(reader) => {
                let mut section = ImportSection::new();
                for import in reader.clone().into_imports() {
                    let import = import?;
                    let is_called = import.name.replace('_', "").contains(UNCALLED);
                    ensure!(!is_called, "{} is called, so its exports must not be left out", import.name);
                    let ty = RoundtripReencoder.entity_type(import.ty).map_err(|cause| anyhow!("{cause}"))?;
                    section.import(import.module, &renamed(import.name, &mut points), ty);
                }
                out.section(&section);
            }
            Payload::ExportSection(reader) => {
                let mut section = ExportSection::new();
                for export in reader.clone() {
                    let export = export?;
                    if export.name.contains(UNCALLED) {
                        continue;
                    }
                    let kind = RoundtripReencoder.export_kind(export.kind).map_err(|cause| anyhow!("{cause}"))?;
                    section.export(&renamed(export.name, &mut points), kind, export.index);
                }
                out.section(&section);
            }
            // Everything else byte for byte: the relocations point into it.
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = module.get(range.start as usize..range.end as usize).context("a section ends outside of its module")?;
                    out.section(&RawSection { id, data });
                }
            }
        }
    }
    for island in FILES.iter().flat_map(|(_, islands)| *islands) {
        ensure!(points.contains_key(*island), "{island} stands in xtask/src/build/together.rs, and is no island");
    }
    Ok((out.finish(), points))
}

fn renamed(name: &str, points: &mut BTreeMap<String, String>) -> String {
    let (head, point, tail) = if let Some(rest) = name.strip_prefix(LOADER) {
        (LOADER, rest, "")
    } else if let Some(rest) = name.strip_prefix(POINT) {
        // Neither an island's name nor the number after it holds what follows them.
        let end = ["00_import_", "00_export_"].iter().find_map(|mark| rest.find(mark)).unwrap_or(rest.len());
        (POINT, &rest[..end], &rest[end..])
    } else {
        return name.to_owned();
    };
    let island = glue::island_of(point);
    let file = FILES.iter().find(|(_, islands)| islands.contains(&island.as_str())).map_or(point, |(file, _)| file);
    points.insert(island, file.to_owned());
    [head, file, tail].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn islands_of_one_page_get_one_name_and_others_keep_theirs() {
        let mut points = BTreeMap::new();
        assert_eq!(renamed("__wasm_split_load_pay_by_card_loader_130", &mut points), "__wasm_split_load_checkout");
        let import = "__wasm_split_00run_hold_loader_118300_import_dbe59aad1070cb6ddd7952fd8a7bd668_RunHold_loader";
        assert_eq!(renamed(import, &mut points), "__wasm_split_00checkout00_import_dbe59aad1070cb6ddd7952fd8a7bd668_RunHold_loader");
        assert_eq!(renamed("__wasm_split_load_follow_region_loader_17", &mut points), "__wasm_split_load_follow_region_loader_17");
        assert_eq!(renamed("memory", &mut points), "memory");
        let known: Vec<(&str, &str)> = points.iter().map(|(island, file)| (island.as_str(), file.as_str())).collect();
        assert_eq!(known, [("FollowRegion", "follow_region_loader_17"), ("PayByCard", "checkout"), ("RunHold", "checkout")]);
    }
}
