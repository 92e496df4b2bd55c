//! A terminal's screen as a vector picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// Draws what is on the screen.
pub(super) fn of(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) =
        (f64::from(columns) * CELL.0 + 2.0 * MARGIN, f64::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"{FONT}\" font-size=\"{SIZE}\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            column = run(screen, row, column, &mut out).max(column.saturating_add(1));
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Draws the cells from `start` on that look alike; the first that does not.
fn run(screen: &Screen, row: u16, start: u16, out: &mut String) -> u16 {
    let Some(first) = screen.cell(row, start) else { return start };
    let look = Look::of(first);
    let mut text = String::new();
    let mut end = start;
    while let Some(cell) = screen.cell(row, end).filter(|cell| Look::of(cell) == look) {
        if !cell.is_wide_continuation() {
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
        }
        end = end.saturating_add(1);
    }
    let (x, y) = (MARGIN + f64::from(start) * CELL.0, MARGIN + f64::from(row) * CELL.1);
    let width = f64::from(end.saturating_sub(start)) * CELL.0;
    // Writing to a text does not fail.
    if let Some(fill) = &look.background {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{fill}\"/>",
            CELL.1
        );
    }
    if !text.trim().is_empty() {
        let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
        let dim = if look.dim { " opacity=\"0.6\"" } else { "" };
        let line = if look.underline { " text-decoration=\"underline\"" } else { "" };
        let (baseline, fill, text) = (y + BASELINE, &look.foreground, escaped(&text));
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacing\" fill=\"{fill}\"{weight}{dim}{line}>{text}</text>"
        );
    }
    end
}

/// How a cell is drawn.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    foreground: String,
    /// Other than that of the screen.
    background: Option<String>,
    bold: bool,
    dim: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (mut foreground, mut background) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
        if cell.inverse() {
            let swapped = background.take().unwrap_or_else(|| BACKGROUND.to_owned());
            background = Some(foreground.take().unwrap_or_else(|| FOREGROUND.to_owned()));
            foreground = Some(swapped);
        }
        Self {
            foreground: foreground.unwrap_or_else(|| FOREGROUND.to_owned()),
            background,
            bold: cell.bold(),
            dim: cell.dim(),
            underline: cell.underline(),
        }
    }
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Idx(index) => Some(indexed(index)),
    }
}

/// Colours of the 256 that terminals have: sixteen by name, a cube, greys.
fn indexed(index: u8) -> String {
    if let Some(named) = NAMED.get(usize::from(index)) {
        return (*named).to_owned();
    }
    let Some(cube) = index.checked_sub(16).filter(|cube| *cube < 216) else {
        let grey = 8 + 10 * index.saturating_sub(232);
        return format!("#{grey:02x}{grey:02x}{grey:02x}");
    };
    let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
    let [red, green, blue] = [cube / 36, cube / 6 % 6, cube % 6].map(level);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const NAMED: [&str; 16] = [
    "#1d1f21", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#5c6370",
    "#ff7b86", "#b5e08f", "#ffd68a", "#7cc4ff", "#dd91f3", "#6fd3df", "#ffffff",
];
const FOREGROUND: &str = "#c8ccd4";
const BACKGROUND: &str = "#16181d";
const FONT: &str = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace";
const SIZE: u16 = 14;
/// Width and height of a cell, in units of the picture.
const CELL: (f64, f64) = (8.4, 18.0);
/// From the top of a cell to the line that letters stand on.
const BASELINE: f64 = 13.5;
const MARGIN: f64 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_a_look_are_one_text_each() {
        let mut parser = vt100::Parser::new(2, 12, 0);
        parser.process(b"ab\x1b[1;31mc<d\x1b[0;7m e \x1b[0m\r\n\x1b[38;5;196mx\x1b[38;2;1;2;3my");
        let svg = of(parser.screen());
        for part in [
            ">ab</text>",
            "fill=\"#e06c75\" font-weight=\"bold\">c&lt;d</text>",
            "fill=\"#c8ccd4\"/>\n",
            "fill=\"#16181d\"> e </text>",
            "fill=\"#ff0000\">x</text>",
            "fill=\"#010203\">y</text>",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert_eq!(svg.matches("<text").count(), 5, "blanks are not drawn: {svg}");
    }

    #[test]
    fn all_256_colours_are_colours() {
        assert!((0..=255).map(indexed).all(|colour| colour.len() == 7 && colour.starts_with('#')));
        assert_eq!(
            (indexed(16), indexed(231), indexed(232), indexed(255)),
            ("#000000".into(), "#ffffff".into(), "#080808".into(), "#eeeeee".into())
        );
    }
}
