use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use object::build::elf::{Builder, SectionData};
use object::elf::{EM_BPF, SHT_STRTAB, STB_LOCAL, STT_SECTION};
use object::{Object as _, ObjectSection as _};

/// The object without what no loader reads: debug sections, line numbers, and labels.
pub(super) fn strip(linked: &[u8]) -> Result<Vec<u8>> {
    let mut object = Builder::read(linked).context("the linker's output is no ELF file")?;
    ensure!(object.header.e_machine == EM_BPF, "the linker's output is not for BPF");
    let mut gone = Vec::new();
    for section in &mut object.sections {
        let name = section.name.to_string();
        // Loaders place variables by symbol, and functions by what the field itself says.
        section.delete = DEBUG.iter().any(|start| name.starts_with(start));
        if section.delete {
            gone.push(section.id());
        } else if name == ".BTF.ext"
            && let SectionData::Data(data) = &mut section.data
        {
            *data = without_lines(data.as_slice())?.into();
        }
    }
    for symbol in &mut object.symbols {
        let label = symbol.st_bind() == STB_LOCAL && symbol.st_type() != STT_SECTION;
        symbol.delete = label || symbol.section.is_some_and(|section| gone.contains(&section));
    }
    // LLVM keeps the names of sections among those of symbols.
    let names = object.sections.add();
    names.name = b".shstrtab".as_slice().into();
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    object.write(&mut stripped).context("the object cannot be written")?;
    Ok(stripped)
}

const DEBUG: [&str; 4] = [".debug", ".rel.debug", ".rel.BTF", ".llvm"];

/// `.BTF.ext` up to its line numbers (linux: `struct btf_ext_header`).
fn without_lines(data: &[u8]) -> Result<Vec<u8>> {
    let word = |at: usize| -> Result<usize> {
        let bytes = data.get(at..).and_then(|rest| rest.first_chunk()).context(".BTF.ext is too short")?;
        Ok(usize::try_from(u32::from_le_bytes(*bytes))?)
    };
    let (header, functions, functions_len) = (word(4)?, word(8)?, word(12)?);
    let lines = word(16)?;
    ensure!(functions == 0 && lines == functions_len, ".BTF.ext is laid out in another way");
    ensure!(header < 32 || word(28)? == 0, "the programs ask for relocations against the kernel's types");
    let mut kept = data.get(..header + functions_len).context(".BTF.ext is too short")?.to_vec();
    // Lengths of the lines and of the relocations, and where those are.
    let end = u32::try_from(functions_len)?.to_le_bytes();
    for (at, word) in [(20, [0; 4]), (24, end), (28, [0; 4])].into_iter().filter(|(at, _)| *at < header) {
        kept.get_mut(at..at + 4).context(".BTF.ext is too short")?.copy_from_slice(&word);
    }
    Ok(kept)
}

/// Contents of each section, and how many instructions are in those that hold programs.
pub(super) fn sections(object: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let object = object::File::parse(object).context("no ELF file")?;
    let sections =
        object.sections().map(|section| Ok((section.name()?.to_owned(), section.data()?.to_vec())));
    sections.collect()
}

/// What of `committed` is not as `built`, section by section.
pub(super) fn differences(committed: &[u8], built: &[u8]) -> Vec<String> {
    if committed == built {
        return Vec::new();
    }
    let (Ok(committed_sections), Ok(built_sections)) = (sections(committed), sections(built)) else {
        return vec![format!("{} bytes that are no ELF file, built {} bytes", committed.len(), built.len())];
    };
    let names: BTreeSet<_> = committed_sections.keys().chain(built_sections.keys()).collect();
    let mut wrong: Vec<_> = names
        .into_iter()
        .filter_map(|name| differ(name, committed_sections.get(name), built_sections.get(name)))
        .collect();
    if wrong.is_empty() {
        wrong.push("headers differ, no section does".to_owned());
    }
    wrong
}

fn differ(name: &str, committed: Option<&Vec<u8>>, built: Option<&Vec<u8>>) -> Option<String> {
    match (committed, built) {
        (Some(committed), Some(built)) if committed == built => None,
        (Some(committed), Some(built)) => {
            let same = committed.iter().zip(built).take_while(|(one, other)| one == other).count();
            let (have, new) = (committed.len(), built.len());
            Some(format!(
                "section {name}: {have} bytes committed, {new} built, different from byte {same} on"
            ))
        }
        (Some(_), None) => Some(format!("section {name}: committed, not built")),
        (None, _) => Some(format!("section {name}: built, not committed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_section() {
        let one = vec![1, 2, 3];
        let other = vec![1, 2, 4, 5];
        assert_eq!(differ(".maps", Some(&one), Some(&one)), None);
        let told = differ(".maps", Some(&one), Some(&other)).unwrap();
        assert_eq!(told, "section .maps: 3 bytes committed, 4 built, different from byte 2 on");
        assert!(differ(".maps", None, Some(&one)).unwrap().ends_with("not committed"));
    }

    #[test]
    fn line_numbers_that_are_not_where_they_should_be_are_refused() {
        assert!(without_lines(&[0; 8]).is_err());
        let mut header = [0; 32];
        header[4] = 32;
        assert_eq!(without_lines(&header).unwrap(), header);
        header[16] = 8;
        assert!(without_lines(&header).is_err());
    }
}
