//! Colours: two themes, in as many colours as the terminal has.

use clap::ValueEnum;
use ratatui::style::{Color, Modifier, Style};

/// What each kind of text looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theme {
    pub(crate) text: Style,
    pub(crate) dim: Style,
    pub(crate) title: Style,
    /// What is chosen among several: a tab, a column.
    pub(crate) chosen: Style,
    pub(crate) good: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    /// The row that keys act on.
    pub(crate) selected: Style,
    pub(crate) key: Style,
}

impl Theme {
    pub(crate) fn new(shade: Shade, depth: Depth) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let palette = match shade {
            Shade::Dark => &DARK,
            Shade::Light => &LIGHT,
        };
        let style = |tone: &Tone| match depth {
            Depth::None => plain,
            Depth::Sixteen => plain.fg(tone.ansi),
            Depth::Indexed => plain.fg(Color::Indexed(tone.indexed)),
            Depth::True => plain.fg(Color::Rgb(tone.rgb.0, tone.rgb.1, tone.rgb.2)),
        };
        let selected = match depth {
            Depth::None | Depth::Sixteen => plain.add_modifier(Modifier::REVERSED),
            Depth::Indexed => bold.bg(Color::Indexed(palette.selection.indexed)),
            Depth::True => {
                let (red, green, blue) = palette.selection.rgb;
                bold.bg(Color::Rgb(red, green, blue))
            }
        };
        let dim = if depth == Depth::None { plain } else { style(&palette.dim) };
        Self {
            text: plain,
            dim,
            title: bold,
            chosen: style(&palette.accent).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            good: style(&palette.good),
            warn: style(&palette.warn).add_modifier(Modifier::BOLD),
            bad: style(&palette.bad).add_modifier(Modifier::BOLD),
            selected,
            key: style(&palette.accent).add_modifier(Modifier::BOLD),
        }
    }
}

/// What the terminal's background is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Shade {
    #[default]
    Dark,
    Light,
}

/// How many colours there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    None,
    Sixteen,
    Indexed,
    True,
}

impl Depth {
    /// As the environment says: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name| variable(name).unwrap_or_default();
        let (colorterm, term) = (value("COLORTERM"), value("TERM"));
        if !value("NO_COLOR").is_empty() || term == "dumb" {
            Self::None
        } else if ["truecolor", "24bit"].contains(&colorterm.as_str()) || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

struct Tone {
    rgb: (u8, u8, u8),
    indexed: u8,
    ansi: Color,
}

struct Palette {
    dim: Tone,
    accent: Tone,
    good: Tone,
    warn: Tone,
    bad: Tone,
    selection: Tone,
}

const DARK: Palette = Palette {
    dim: Tone { rgb: (0x8a, 0x8f, 0x98), indexed: 245, ansi: Color::DarkGray },
    accent: Tone { rgb: (0x7a, 0xb8, 0xe8), indexed: 110, ansi: Color::Cyan },
    good: Tone { rgb: (0x9c, 0xc9, 0x8c), indexed: 114, ansi: Color::Green },
    warn: Tone { rgb: (0xe5, 0xc0, 0x7b), indexed: 180, ansi: Color::Yellow },
    bad: Tone { rgb: (0xf0, 0x71, 0x78), indexed: 203, ansi: Color::LightRed },
    selection: Tone { rgb: (0x30, 0x36, 0x40), indexed: 237, ansi: Color::Reset },
};

const LIGHT: Palette = Palette {
    dim: Tone { rgb: (0x6b, 0x70, 0x78), indexed: 242, ansi: Color::DarkGray },
    accent: Tone { rgb: (0x1d, 0x5f, 0xa8), indexed: 25, ansi: Color::Blue },
    good: Tone { rgb: (0x2e, 0x7d, 0x32), indexed: 28, ansi: Color::Green },
    warn: Tone { rgb: (0x9a, 0x67, 0x00), indexed: 94, ansi: Color::Magenta },
    bad: Tone { rgb: (0xc6, 0x28, 0x28), indexed: 160, ansi: Color::Red },
    selection: Tone { rgb: (0xdd, 0xe3, 0xea), indexed: 254, ansi: Color::Reset },
};

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(variables: &[(&str, &str)]) -> Depth {
        Depth::of(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(depth(&[]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(depth(&[("NO_COLOR", ""), ("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "dumb")]), Depth::None);
    }

    #[test]
    fn no_style_has_a_colour_without_colours() {
        for shade in [Shade::Dark, Shade::Light] {
            let theme = Theme::new(shade, Depth::None);
            let Theme { text, dim, title, chosen, good, warn, bad, selected, key } = theme;
            for style in [text, dim, title, chosen, good, warn, bad, selected, key] {
                assert_eq!((style.fg, style.bg), (None, None), "{style:?}");
            }
        }
    }
}
