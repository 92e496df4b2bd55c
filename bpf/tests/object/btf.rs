//! As much of BTF as tells how structs are laid out (linux: Documentation/bpf/btf.rst).

/// Every struct with its size and members.
pub(crate) struct Btf(Vec<Struct>);

struct Struct {
    name: String,
    size: usize,
    members: Vec<(String, usize)>,
}

impl Btf {
    /// Reads a `.BTF` section.
    pub(crate) fn new(section: &[u8]) -> Self {
        let word =
            |at: usize| usize::try_from(u32::from_le_bytes(section[at..at + 4].try_into().unwrap())).unwrap();
        assert_eq!(section[..3], [0x9f, 0xeb, 1], "no BTF");
        let (header, types, types_len, strings) = (word(4), word(8), word(12), word(16));
        let string = |at: usize| {
            let text = &section[header + strings + at..];
            String::from_utf8(text.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
        };
        let mut structs = Vec::new();
        let mut at = header + types;
        while at < header + types + types_len {
            let (name, info, size) = (word(at), word(at + 4), word(at + 8));
            let (count, kind) = (info & 0xffff, info >> 24 & 0x1f);
            at += 12;
            if kind == STRUCT {
                // Offsets are in bits.
                let member = |number| (string(word(at + 12 * number)), word(at + 12 * number + 8) / 8);
                structs.push(Struct { name: string(name), size, members: (0..count).map(member).collect() });
            }
            at += match kind {
                INT | VAR | DECL_TAG => 4,
                ARRAY => 12,
                STRUCT | UNION | DATASEC | ENUM64 => 12 * count,
                ENUM | FUNC_PROTO => 8 * count,
                _ => 0,
            };
        }
        Self(structs)
    }

    /// Size of a struct, and its members' names and offsets in bytes.
    pub(crate) fn layout(&self, name: &str) -> Option<(usize, Vec<(String, usize)>)> {
        self.0.iter().find(|it| it.name == name).map(|it| (it.size, it.members.clone()))
    }
}

const INT: usize = 1;
const ARRAY: usize = 3;
const STRUCT: usize = 4;
const UNION: usize = 5;
const ENUM: usize = 6;
const FUNC_PROTO: usize = 13;
const VAR: usize = 14;
const DATASEC: usize = 15;
const DECL_TAG: usize = 17;
const ENUM64: usize = 19;
