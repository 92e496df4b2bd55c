//! The table as it is written.

use serde::Deserialize;

use super::{Compared, Other, Row, TableError, What};
use crate::walkthrough::mask::Mask;

/// The rows of a part.
pub(super) fn read(part: &str) -> Result<Vec<Row>, TableError> {
    let file: File = toml::from_str(part).map_err(|error| TableError::Malformed(error.to_string()))?;
    file.row.into_iter().map(Raw::read).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Raw {
    lines: String,
    step: Option<String>,
    said: Option<String>,
    #[serde(default)]
    up_to: Vec<Mask>,
    here: Option<String>,
    because: Option<String>,
}

impl Raw {
    fn read(self) -> Result<Row, TableError> {
        let no_range = || TableError::NoRange(self.lines.clone());
        let (first, last) = self.lines.split_once('-').unwrap_or((&self.lines, &self.lines));
        let number = |text: &str| text.parse::<usize>().ok().filter(|line| *line > 0).ok_or_else(no_range);
        let lines = number(first)?..=number(last)?;
        if lines.is_empty() {
            return Err(no_range());
        }
        let lack = |lack| TableError::Incomplete { lines: self.lines.clone(), lack };
        let texts = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
        let what = match (self.step, self.said, self.because) {
            (None, None, Some(because)) => What::Passed { because },
            (None, None, None) => {
                return Err(lack("says neither what the lines are nor why they are passed over"));
            }
            (None, Some(_), _) => return Err(lack("names no step that compares its lines")),
            (Some(_), None, _) => return Err(lack("does not quote its lines")),
            (Some(step), Some(said), because) => {
                let said = texts(&said);
                if said.len() != lines.clone().count() {
                    return Err(lack("does not quote as many lines as it speaks of"));
                }
                let other = match (self.here, because) {
                    (Some(here), Some(because)) => Some(Other { here: texts(&here), because }),
                    (None, None) => None,
                    (Some(_), None) => return Err(lack("does not say why the lab differs")),
                    (None, Some(_)) => return Err(lack("does not say what the lab has instead")),
                };
                What::Compared(Compared { step, said, up_to: self.up_to, other })
            }
        };
        Ok(Row { lines, what })
    }
}
