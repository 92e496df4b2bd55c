//! Where things are on the screen: the same for who draws and for who moves what is drawn.

use ratatui::layout::{Rect, Size};

use super::{Details, View};

/// The least columns and rows that something can be shown in.
pub(crate) const SMALLEST: Size = Size { width: 60, height: 16 };

/// The screen in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    pub(crate) tabs: Rect,
    /// The list, its head included; without height while details have the whole screen.
    pub(crate) list: Rect,
    pub(crate) fields: Option<Rect>,
    pub(crate) bytes: Option<Rect>,
    pub(crate) status: Rect,
    pub(crate) hints: Rect,
}

impl Areas {
    /// `None` where the screen is too small.
    pub(crate) fn new(size: Size, details: Option<&Details>, view: View) -> Option<Self> {
        if size.width < SMALLEST.width || size.height < SMALLEST.height {
            return None;
        }
        let line = |y: u16| Rect { x: 0, y, width: size.width, height: 1 };
        let body = Rect { x: 0, y: 1, width: size.width, height: size.height.saturating_sub(3) };
        let below = match details {
            None => 0,
            Some(details) if details.is_zoomed => body.height,
            Some(_) => body.height.saturating_mul(3) / 5,
        };
        let (list, rest) = split_rows(body, body.height.saturating_sub(below));
        let (fields, bytes) = match (details, view) {
            (None, _) => (None, None),
            (Some(_), View::Packets) if rest.width >= WIDE => {
                let (fields, bytes) = split_columns(rest, rest.width.saturating_sub(HEX));
                (Some(fields), Some(bytes))
            }
            (Some(_), View::Packets) => {
                let (fields, bytes) = split_rows(rest, rest.height.saturating_mul(3) / 5);
                (Some(fields), Some(bytes))
            }
            (Some(_), _) => (Some(rest), None),
        };
        let (status, hints) = (line(size.height.saturating_sub(2)), line(size.height.saturating_sub(1)));
        Some(Self { tabs: line(0), list, fields, bytes, status, hints })
    }

    /// Rows of the list, below its head.
    pub(crate) fn rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(1))
    }
}

fn split_rows(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.height);
    let below = Rect { y: area.y.saturating_add(first), height: area.height.saturating_sub(first), ..area };
    (Rect { height: first, ..area }, below)
}

fn split_columns(area: Rect, first: u16) -> (Rect, Rect) {
    let first = first.min(area.width);
    let beside = Rect { x: area.x.saturating_add(first), width: area.width.saturating_sub(first), ..area };
    (Rect { width: first, ..area }, beside)
}

/// Columns of the bytes of a packet with what they are beside them.
const HEX: u16 = 76;
const WIDE: u16 = 120;
