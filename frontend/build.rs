//! Keeps relocations in the linked module: the build splits lazy islands into their own files by them.
//! A link argument of this crate alone, so that no flag differs between builds and nothing is compiled twice.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-cdylib=--emit-relocs");
}
